package dev.skald.piper.vits;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.piper.PiperNetwork.Settings;
import dev.skald.piper.PiperVoiceConfig;
import dev.skald.spi.EngineContext;
import dev.skald.tensor.Taps;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceLibrary;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real voice against ONNX Runtime, stage by stage, and its windows against the whole. */
class RealVoiceParityTest {
    /** "The birch canoe slid on the smooth planks." as the voice's ids. */
    private static final int[] BIRCH = {
        1, 0, 41, 0, 59, 0, 3, 0, 15, 0, 120, 0, 62, 0, 122, 0, 32, 0, 96, 0, 3, 0, 23, 0, 59, 0,
        26, 0, 120, 0, 33, 0, 122, 0, 3, 0, 31, 0, 24, 0, 120, 0, 74, 0, 17, 0, 3, 0, 54, 0, 26, 0,
        41, 0, 59, 0, 3, 0, 31, 0, 25, 0, 120, 0, 33, 0, 122, 0, 41, 0, 3, 0, 28, 0, 24, 0, 120, 0,
        39, 0, 44, 0, 23, 0, 31, 0, 10, 0, 2
    };

    private static final Settings QUIET = new Settings(0, 1, 0, 0, 1, true);

    @TempDir Path cache;

    private static InstalledVoice joe() {
        Path home = Path.of("..", "target", "skald-home").toAbsolutePath().normalize();
        Optional<InstalledVoice> joe = VoiceLibrary.at(home).find(VoiceLibrary.DEFAULT_VOICE);
        return joe.orElseGet(() -> Assumptions.abort("en_US-joe-medium is not installed"));
    }

    @Test
    void agreesWithOnnxRuntime() throws Exception {
        InstalledVoice joe = joe();
        Map<String, float[]> expected = Oracle.run(Files.readAllBytes(joe.onnx()), BIRCH, QUIET);
        PiperVoiceConfig config = PiperVoiceConfig.read(joe.config());
        try (VitsNetwork network =
                VitsNetwork.load(
                        joe.onnx(),
                        config,
                        EngineContext.builder().home(cache).threads(2).build())) {
            VitsParityTest.compare(expected, network, BIRCH, QUIET);
        }
    }

    @Test
    void windowsCannotBeToldFromTheWhole() {
        InstalledVoice joe = joe();
        PiperVoiceConfig config = PiperVoiceConfig.read(joe.config());
        try (VitsNetwork network =
                VitsNetwork.load(
                        joe.onnx(),
                        config,
                        EngineContext.builder().home(cache).threads(2).build())) {
            float[] whole = Voices.collect(network.begin(BIRCH, QUIET, Taps.NONE, 1 << 20));
            float[] windows =
                    Voices.collect(network.begin(BIRCH, QUIET, Taps.NONE, VitsUtterance.WINDOWS));
            assertThat(Voices.decibels(whole, windows)).isGreaterThan(80);
        }
    }
}
