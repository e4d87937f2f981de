package dev.skald.testkit.ops;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.skald.Precision;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * The contract over the CPU: without vectors and with vectors of every width, on one to three
 * threads. The width is fixed when the classes are loaded, so they are loaded again for each.
 */
class CpuOpsTest {
    private static final String PROPERTY = "skald.cpu.bits";

    /** One loader for each width: a backend for each test comes from it. */
    private static final class Width extends ClassValue<ClassLoader> {
        @Override
        protected ClassLoader computeValue(Class<?> test) {
            return new FreshCpuBackend();
        }
    }

    private static final Width LOADERS = new Width();

    private static Backend open(Class<?> test, int bits, int threads) {
        assumeTrue(
                bits == 0 || ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent(),
                "no jdk.incubator.vector in this JVM");
        String before = System.getProperty(PROPERTY);
        System.setProperty(PROPERTY, Integer.toString(bits));
        try {
            Backend backend =
                    (Backend)
                            LOADERS.get(test)
                                    .loadClass("dev.skald.tensor.cpu.CpuBackend")
                                    .getMethod("open", int.class)
                                    .invoke(null, threads);
            String expected = bits == 0 ? "scalar" : bits + " bit vectors";
            if (!backend.description().startsWith(expected)) {
                throw new AssertionError(
                        backend.description() + " where " + expected + " was asked for");
            }
            return backend;
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        } finally {
            if (before == null) {
                System.clearProperty(PROPERTY);
            } else {
                System.setProperty(PROPERTY, before);
            }
        }
    }

    @Nested
    class Scalar extends OpsContract {
        @Override
        protected Backend open() {
            return CpuOpsTest.open(Scalar.class, 0, 1);
        }

        @Test
        void morePositionsThanACacheHasAreRefused() {
            Tensor q = tensor(1, 1, 32);
            List<Ops.Cache> cache = List.of(ops.cache(2, 16, 400, Precision.FP32));
            ops.append(q, q, cache, ops.ints(1));
            assertThatThrownBy(() -> ops.attentionCached(q, cache, ops.ints(new int[] {2}), 1, q))
                    .hasMessageContaining("2 positions of 1");
        }
    }

    @Nested
    class ScalarOnThreeThreads extends OpsContract {
        @Override
        protected Backend open() {
            return CpuOpsTest.open(ScalarOnThreeThreads.class, 0, 3);
        }
    }

    @Nested
    class Bits128 extends OpsContract {
        @Override
        protected Backend open() {
            return CpuOpsTest.open(Bits128.class, 128, 1);
        }
    }

    @Nested
    class Bits256 extends OpsContract {
        @Override
        protected Backend open() {
            return CpuOpsTest.open(Bits256.class, 256, 2);
        }
    }

    @Nested
    class Bits512 extends OpsContract {
        @Override
        protected Backend open() {
            return CpuOpsTest.open(Bits512.class, 512, 3);
        }
    }
}
