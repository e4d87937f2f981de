package dev.skald.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.skald.testkit.ops.FreshCpuBackend;
import java.util.function.Supplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Vectors of every width against the scalar kernels, against their scalar fallbacks and over
 * numbers of threads. The width is fixed when the classes are loaded, so they are loaded again for
 * each.
 */
class SpeciesTest {
    @ParameterizedTest
    @ValueSource(ints = {128, 256, 512})
    void everyWidthComputesTheSame(int bits) throws ReflectiveOperationException {
        assumeTrue(
                ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent(),
                "no jdk.incubator.vector in this JVM");
        String before = System.getProperty("skald.cpu.bits");
        float[][] found;
        try {
            System.setProperty("skald.cpu.bits", Integer.toString(bits));
            Supplier<?> trial =
                    (Supplier<?>)
                            new FreshCpuBackend()
                                    .loadClass(Trial.class.getName())
                                    .getConstructor()
                                    .newInstance();
            found = (float[][]) trial.get();
        } finally {
            if (before == null) {
                System.clearProperty("skald.cpu.bits");
            } else {
                System.setProperty("skald.cpu.bits", before);
            }
        }
        assertThat(found[7]).containsExactly(bits / 32f);
        float[] scalar = found[0];
        for (int i = 0; i < scalar.length; i++) {
            float e = scalar[i];
            if (!(Math.abs(found[1][i] - e) <= 1e-4 * Math.max(1, Math.abs(e)))) {
                throw new AssertionError(
                        "value " + i + " is " + found[1][i] + " with vectors, " + e + " without");
            }
        }
        for (int run = 2; run <= 6; run++) {
            for (int i = 0; i < scalar.length; i++) {
                // Zeros of either sign are the same.
                if (found[run][i] != found[1][i]) {
                    throw new AssertionError(
                            "value "
                                    + i
                                    + " is "
                                    + found[run][i]
                                    + " in run "
                                    + run
                                    + ", "
                                    + found[1][i]
                                    + " in the first");
                }
            }
        }
    }
}
