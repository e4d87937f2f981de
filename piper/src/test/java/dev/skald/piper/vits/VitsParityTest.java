package dev.skald.piper.vits;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.piper.PiperNetwork.Settings;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every architecture and exporter against ONNX Runtime, stage by stage, without noise. */
class VitsParityTest {
    @ParameterizedTest
    @MethodSource("dev.skald.piper.vits.Voices#names")
    void agreesWithOnnxRuntime(String name) throws Exception {
        int[] ids = Voices.ids(61, 5);
        Settings settings = new Settings(0, 1.1f, 0, name.contains("speakers") ? 3 : 0, 1, true);
        Map<String, float[]> expected = Oracle.run(Voices.bytes(name), ids, settings);
        try (VitsNetwork network = Voices.network(name)) {
            compare(expected, network, ids, settings);
        }
    }

    static void compare(
            Map<String, float[]> expected, VitsNetwork network, int[] ids, Settings settings) {
        Recorder taps = new Recorder();
        // One window, so that the latent is tapped as a whole.
        float[] audio = Voices.collect(network.begin(ids, settings, taps, 1 << 20));
        assertThat(Voices.decibels(value(expected, "encoder.hidden"), taps.get("encoder.hidden")))
                .as("encoder's hidden sequence, dB")
                .isGreaterThan(90);
        assertThat(
                        Voices.decibels(
                                value(expected, "encoder.stats"),
                                beside(
                                        ids.length,
                                        taps.get("encoder.mean"),
                                        taps.get("encoder.log_deviation"))))
                .as("prior's mean and log deviation, dB")
                .isGreaterThan(90);
        assertThat(durations(taps.get("durations.log"), settings.lengthScale()))
                .as("frames of each phoneme")
                .isEqualTo(value(expected, "durations"));
        assertThat(Voices.decibels(value(expected, "latent"), taps.get("latent")))
                .as("latent, dB")
                .isGreaterThan(80);
        assertThat(Voices.decibels(value(expected, "audio"), audio))
                .as("audio, dB")
                .isGreaterThan(80);
    }

    private static float[] value(Map<String, float[]> values, String name) {
        return Objects.requireNonNull(values.get(name), name);
    }

    private static float[] durations(float[] log, float lengthScale) {
        float[] frames = new float[log.length];
        for (int i = 0; i < log.length; i++) {
            frames[i] = (float) Math.ceil((float) Math.exp(log[i]) * lengthScale);
        }
        return frames;
    }

    private static float[] beside(int rows, float[] left, float[] right) {
        int channels = left.length / rows;
        float[] both = new float[left.length * 2];
        for (int t = 0; t < rows; t++) {
            System.arraycopy(left, t * channels, both, 2 * t * channels, channels);
            System.arraycopy(right, t * channels, both, (2 * t + 1) * channels, channels);
        }
        return both;
    }

    /** Keeps what is tapped. */
    static final class Recorder implements Taps {
        private final Map<String, float[]> values = new HashMap<>();

        @Override
        public void tap(String name, Ops ops, Tensor value) {
            values.put(name, ops.read(value));
        }

        @Override
        public void tap(String name, float[] value, int... shape) {
            values.put(name, value.clone());
        }

        float[] get(String name) {
            return value(values, name);
        }
    }
}
