package dev.skald.piper.vits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.skald.piper.PiperNetwork.Settings;
import dev.skald.tensor.Devices;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Taps;
import dev.skald.testkit.OpsProxies;
import dev.skald.testkit.TestDevice;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A sentence of few shapes, against the one of windows of any size. */
class RecordedSentenceTest {
    private static final Settings NOISY = new Settings(.667f, 1, .8f, 0, 7, true);

    /** In buckets of so many rows. */
    private static float[] speak(
            VitsNetwork network, int[] ids, Settings settings, IntUnaryOperator bucket) {
        Ops ops = network.take();
        float[] all = new float[0];
        try (Ops.Scope frame = ops.scope()) {
            RecordedSentence sentence =
                    new RecordedSentence(
                            network, OpsProxies.bucketed(ops, bucket), frame, ids, settings, 0);
            while (!sentence.ended()) {
                float[] more = sentence.next();
                int at = all.length;
                all = Arrays.copyOf(all, at + more.length);
                System.arraycopy(more, 0, all, at, more.length);
            }
            int[] ends = sentence.ends();
            assertThat(all).hasSize(ends[ends.length - 1] * network.hop());
        }
        network.give(ops);
        return all;
    }

    /** Short ones are one window; everything is done twice, so that a device launches graphs. */
    @ParameterizedTest
    @ValueSource(strings = {"medium", "high-speakers", "plain-durations-speakers"})
    void isTheSentenceInEveryBucket(String name) {
        try (VitsNetwork network = Voices.network(name)) {
            int[] ids = Voices.ids(5, 3);
            float[] exact = speak(network, ids, NOISY, n -> n);
            assertThat(Voices.decibels(inWindows(network, ids), exact))
                    .isGreaterThan(leastDecibels());
            for (int again = 0; again < 2 && !onCpu(); again++) {
                // The CPU never pads, and computes padded rows in pieces.
                assertThat(speak(network, ids, NOISY, n -> (n + 39) / 40 * 40)).isEqualTo(exact);
            }
        }
    }

    /** Of the beginning, the middle and the end. */
    @Test
    void aLongOneIsThreeKindsOfWindows() {
        assumeTrue(System.getProperty("skald.cuda.library") == null, "minutes on the simulator");
        try (VitsNetwork network = Voices.network("x_low")) {
            int[] ids = Voices.ids(500, 3);
            float[] exact = speak(network, ids, NOISY, n -> n);
            assertThat(exact.length / network.hop()).isGreaterThan(400);
            assertThat(Voices.decibels(inWindows(network, ids), exact))
                    .isGreaterThan(leastDecibels());
            for (int again = 0; again < 2 && !onCpu(); again++) {
                assertThat(speak(network, ids, NOISY, n -> (n + 63) / 64 * 64)).isEqualTo(exact);
            }
        }
    }

    private static float[] inWindows(VitsNetwork network, int[] ids) {
        return Voices.collect(network.begin(ids, NOISY, Taps.NONE, 16, 48, 128));
    }

    private static boolean onCpu() {
        try (Devices.Lease device = Devices.open(TestDevice.name(), 1)) {
            return !device.backend().quick();
        }
    }

    /** Windows begin elsewhere: fp16 rounds otherwise there. */
    private static double leastDecibels() {
        return onCpu() ? 100 : 40;
    }
}
