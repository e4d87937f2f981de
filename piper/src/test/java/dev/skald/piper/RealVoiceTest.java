package dev.skald.piper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.piper.vits.VitsNetwork;
import dev.skald.spi.EngineContext;
import dev.skald.voices.InstalledVoice;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The real voice {@code en_US-joe-medium} against piper-tts. The reference is made by {@code
 * tools/reference/piper_audio.py}.
 */
class RealVoiceTest {
    @TempDir Path cache;

    /** Ours, and the oracle that the other tests compare ours with. */
    enum Runtime {
        SKALD(VitsNetwork::load),
        ONNX_RUNTIME(OrtNetwork::load);

        private final PiperNetwork.Loader loader;

        Runtime(PiperNetwork.Loader loader) {
            this.loader = loader;
        }
    }

    @ParameterizedTest
    @EnumSource
    void audioIsThatOfPiperTts(Runtime runtime) throws IOException {
        InstalledVoice joe = RealVoice.joe();
        PiperVoiceConfig config = PiperVoiceConfig.read(joe.config());
        try (PiperNetwork network =
                runtime.loader.load(
                        joe.onnx(),
                        config,
                        EngineContext.builder().home(cache).threads(2).build())) {
            String[] lines = PiperIdsTest.resource("joe.tsv").split("\n");
            for (int i = 0; i < lines.length; i++) {
                String[] fields = lines[i].split("\t");
                int[] ids =
                        Arrays.stream(fields[1].split(" ")).mapToInt(Integer::parseInt).toArray();
                float[] expected = reference("joe-" + i + ".f32.gz");
                assertThat(expected).hasSize(Integer.parseInt(fields[2]));
                float[] actual = new float[0];
                PiperNetwork.Settings quiet = new PiperNetwork.Settings(0, 1, 0, 0, 0, true);
                try (PiperNetwork.Utterance utterance = network.begin(ids, quiet)) {
                    while (utterance.hasNext()) {
                        float[] window = utterance.next(2);
                        int at = actual.length;
                        actual = Arrays.copyOf(actual, at + window.length);
                        System.arraycopy(window, 0, actual, at, window.length);
                    }
                }
                assertThat(actual).hasSameSizeAs(expected);
                assertThat(snr(expected, actual))
                        .as("SNR in dB of '%s'", fields[0])
                        .isGreaterThan(80);
            }
        }
    }

    private static double snr(float[] expected, float[] actual) {
        double signal = 0;
        double noise = 0;
        for (int i = 0; i < expected.length; i++) {
            signal += (double) expected[i] * expected[i];
            noise += Math.pow((double) expected[i] - actual[i], 2);
        }
        return 10 * Math.log10(signal / noise);
    }

    private static float[] reference(String name) throws IOException {
        try (InputStream in =
                new GZIPInputStream(
                        Objects.requireNonNull(RealVoiceTest.class.getResourceAsStream(name)))) {
            ByteBuffer bytes = ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
            float[] samples = new float[bytes.remaining() / 4];
            bytes.asFloatBuffer().get(samples);
            return samples;
        }
    }
}
