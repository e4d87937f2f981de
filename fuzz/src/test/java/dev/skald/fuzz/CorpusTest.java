package dev.skald.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The short pass of every build. */
class CorpusTest {
    private static final Duration ONE_INPUT = Duration.ofSeconds(30);
    private static final long ONE_TARGET = 500_000_000; // ns

    @ParameterizedTest
    @EnumSource
    void whatFailedOnceIsReadOrRefused(Target target) throws Exception {
        Map<String, byte[]> inputs = target.inputs();
        assertThat(inputs).as("inputs of %s in %s", target, target.corpus()).isNotEmpty();
        inputs.forEach(
                (name, input) ->
                        Assertions.assertTimeoutPreemptively(
                                ONE_INPUT, () -> target.read(input), name));
    }

    /** Inputs made from the good ones, the same in every run, as many as half a second holds. */
    @ParameterizedTest
    @EnumSource
    void whatIsDamagedIsReadOrRefused(Target target) throws Exception {
        List<byte[]> good = List.copyOf(target.inputs().values());
        Mutator mutator = new Mutator(1);
        Random random = new Random(2);
        long end = System.nanoTime() + ONE_TARGET;
        do {
            byte[] input =
                    mutator.mutate(
                            good.get(random.nextInt(good.size())),
                            good.get(random.nextInt(good.size())));
            try {
                Assertions.assertTimeoutPreemptively(ONE_INPUT, () -> target.read(input));
            } catch (Throwable e) {
                throw new AssertionError(
                        "keep it in "
                                + target.corpus()
                                + ": "
                                + HexFormat.of().formatHex(input, 0, Math.min(4096, input.length)),
                        e);
            }
        } while (System.nanoTime() < end);
    }
}
