package dev.skald.piper.vits;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.piper.PiperNetwork.Settings;
import dev.skald.tensor.Devices;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Taps;
import dev.skald.testkit.OpsProxies;
import dev.skald.testkit.TestDevice;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A sentence of few shapes, against the one of windows of any size. */
class RecordedSentenceTest {
    /** Without noise, with, and as a file is spoken. */
    private static final Settings QUIET = new Settings(0, 1, 0, 0, 1, true);

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

    /** Of so many ids; 12 are one window, 400 all three kinds. */
    @ParameterizedTest
    @CsvSource({
        "medium,12",
        "medium,400",
        "high-speakers,12",
        "plain-durations-speakers,12",
        "x_low,90"
    })
    void isTheSentenceInWindowsAndInEveryBucket(String name, int count) {
        try (VitsNetwork network = Voices.network(name)) {
            int[] ids = Voices.ids(count, 3);
            for (Settings settings : new Settings[] {QUIET, NOISY}) {
                float[] plain =
                        Voices.collect(network.begin(ids, settings, Taps.NONE, 16, 48, 128));
                float[] exact = speak(network, ids, settings, n -> n);
                assertThat(Voices.decibels(plain, exact)).isGreaterThan(leastDecibels());
                assertThat(exact.length / network.hop() > 400).isEqualTo(count == 200);
                if (onCpu()) {
                    continue; // it never pads, and computes padded rows in pieces
                }
                for (int multiple : new int[] {settings == NOISY ? 64 : 100}) {
                    for (int again = 0; again < 2; again++) {
                        float[] padded =
                                speak(
                                        network,
                                        ids,
                                        settings,
                                        n -> (n + multiple - 1) / multiple * multiple);
                        assertThat(padded).containsExactly(exact);
                    }
                }
            }
        }
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
