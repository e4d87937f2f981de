package dev.skald.piper.vits;

import dev.skald.piper.PiperVoiceConfig;
import dev.skald.spi.EngineContext;
import dev.skald.testkit.TestDevice;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** The small random voices made by {@code tools/reference/vits_voices.py}. */
final class Voices {
    static final int SYMBOLS = 40;

    private Voices() {}

    static Stream<String> names() {
        return Stream.of(
                "x_low",
                "low",
                "medium",
                "medium-old",
                "medium-nameless",
                "high",
                "medium-speakers",
                "medium-speakers-old",
                "high-speakers",
                "high-speakers-nameless",
                "plain-durations",
                "plain-durations-speakers");
    }

    static byte[] bytes(String name) {
        String path = "/vits/" + name + ".onnx.gz";
        try (InputStream file = Objects.requireNonNull(Voices.class.getResourceAsStream(path));
                InputStream plain = new GZIPInputStream(file)) {
            return plain.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static OnnxFile file(byte[] onnx) {
        return OnnxFile.parse(MemorySegment.ofArray(onnx));
    }

    static PiperVoiceConfig config(String name) {
        return config(SYMBOLS, name.contains("speakers") ? 5 : 1);
    }

    static PiperVoiceConfig config(int symbols, int speakers) {
        return new PiperVoiceConfig(
                symbols,
                speakers,
                22050,
                "en-us",
                PiperVoiceConfig.PhonemeType.ESPEAK,
                Map.of("_", List.of(0), "^", List.of(1), "$", List.of(2), "ə", List.of(7)),
                Map.of(),
                0,
                PiperVoiceConfig.Inference.DEFAULT,
                256,
                Set.of(),
                "en_US",
                "medium");
    }

    static VitsNetwork network(String name) {
        return network(name, 2);
    }

    static VitsNetwork network(String name, int threads) {
        return VitsNetwork.of(
                OnnxVoice.of(file(bytes(name))),
                config(name),
                EngineContext.builder()
                        .device(System.getProperty(TestDevice.PROPERTY, "auto"))
                        .threads(threads)
                        .build(),
                VoiceGain.measured(config(name)));
    }

    static int[] ids(int count, long seed) {
        Random random = new Random(seed);
        return random.ints(count, 0, SYMBOLS).toArray();
    }

    static float[] collect(VitsUtterance utterance) {
        return collect(utterance, 2);
    }

    /**
     * @param threads that compute the windows, in turn
     */
    static float[] collect(VitsUtterance utterance, int... threads) {
        List<float[]> windows = new ArrayList<>();
        int length = 0;
        try (utterance) {
            while (utterance.hasNext()) {
                float[] window = utterance.next(threads[windows.size() % threads.length]);
                windows.add(window);
                length += window.length;
            }
        }
        float[] all = new float[length];
        int at = 0;
        for (float[] window : windows) {
            System.arraycopy(window, 0, all, at, window.length);
            at += window.length;
        }
        return all;
    }

    /** Signal to noise in decibels; infinite if equal. */
    static double decibels(float[] expected, float[] actual) {
        if (expected.length != actual.length) {
            return Double.NEGATIVE_INFINITY;
        }
        double signal = 0;
        double noise = 0;
        for (int i = 0; i < expected.length; i++) {
            double d = expected[i] - actual[i];
            signal += (double) expected[i] * expected[i];
            noise += d * d;
        }
        return 10 * Math.log10(signal / noise);
    }
}
