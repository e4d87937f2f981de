package dev.skald.voice.joe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.piper.BundledVoice;
import dev.skald.piper.vits.VoicePacker;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceLibrary;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class JoeVoiceTest {
    private static final String PUBLISHED =
            "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06";
    private static final String PACKED =
            "2d37fdc0eac527c41ab65f47058a1bf72e275fe4b8f0a7c0b4ccb3de2a9b585a";

    private static byte[] packed() throws Exception {
        try (InputStream file = new JoeVoice().open()) {
            return file.readAllBytes();
        }
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    @Test
    void isFoundAndIsTheFileThatWasMade() throws Exception {
        assertThat(ServiceLoader.load(BundledVoice.class))
                .extracting(v -> v.about().id())
                .containsExactly("en_US-joe-medium");
        byte[] file = packed();
        assertThat(file.length).isLessThanOrEqualTo(16_000_000);
        assertThat(sha256(file)).isEqualTo(PACKED);
    }

    /**
     * To make it again: {@code dev.skald.piper.vits.VoicePacker} with the published file and {@code
     * voice-joe/src/main/resources/dev/skald/voice/joe/en_US-joe-medium.skv}.
     */
    @Test
    void comesFromThePublishedVoice() throws Exception {
        Path home = Path.of("..", "target", "skald-home").toAbsolutePath().normalize();
        Optional<InstalledVoice> joe = VoiceLibrary.at(home).find(VoiceLibrary.DEFAULT_VOICE);
        Assumptions.assumeTrue(joe.isPresent(), "en_US-joe-medium is not installed");
        Path onnx = joe.get().onnx();
        assertThat(sha256(Files.readAllBytes(onnx))).isEqualTo(PUBLISHED);
        assertThat(VoicePacker.pack(onnx)).isEqualTo(packed());
    }
}
