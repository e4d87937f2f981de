package dev.skald.voice.joe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Mode;
import dev.skald.Skald;
import dev.skald.Speech;
import dev.skald.SpeechRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpeaksWithNothingInstalledTest {
    @Test
    void speaks(@TempDir Path home) throws Exception {
        try (Skald skald = Skald.builder().home(home).open();
                Speech speech =
                        skald.speak(
                                SpeechRequest.builder("Hello from Skald.")
                                        .mode(Mode.FAST)
                                        .seed(1)
                                        .build())) {
            Path wav = home.resolve("hello.wav");
            speech.writeTo(wav);
            // At least half a second of 16-bit samples at 22,050 Hz.
            assertThat(Files.size(wav)).isGreaterThan(22_050);
        }
        assertThat(home.resolve("voices")).doesNotExist();
    }
}
