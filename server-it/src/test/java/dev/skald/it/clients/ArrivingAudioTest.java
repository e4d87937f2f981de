package dev.skald.it.clients;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.it.Tools;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What curl gets, read by ffmpeg from a pipe as it arrives. */
class ArrivingAudioTest {
    private static final String TEXT = "The harbour was quiet that morning, and nobody spoke. ";

    @ParameterizedTest
    @ValueSource(strings = {"mp3", "opus", "aac", "flac", "wav", "pcm"})
    void isReadWhileItComes(String format) throws IOException {
        Path curl = Tools.program("curl");
        Path ffmpeg = Tools.program("ffmpeg");
        String raw = format.equals("pcm") ? "-f s16le -ar 24000 -ac 1 " : "";
        String request =
                "{\"model\":\"tts-1\",\"voice\":\"alloy\",\"input\":\"%s\",\"response_format\":\"%s\"}"
                        .formatted(TEXT.repeat(4).strip(), format);
        String said =
                Tools.run(
                        Path.of("."),
                        List.of(
                                Tools.program("bash").toString(),
                                "-c",
                                "set -o pipefail; "
                                        + curl
                                        + " -sSN --fail-with-body "
                                        + Served.ONE.url()
                                        + "/v1/audio/speech -H 'Content-Type: application/json' -d '"
                                        + request
                                        + "' | "
                                        + ffmpeg
                                        + (format.equals("wav") ? " -v fatal " : " -v error ")
                                        + raw
                                        + "-i - -f s16le -ar 24000 -ac 1 - | wc -c"));
        // Some three seconds a sentence; ffmpeg prints nothing where nothing is wrong, but says of
        // any WAV of unknown length that its end is missing.
        assertThat(said.strip()).matches("\\d+");
        assertThat(Integer.parseInt(said.strip()) / 48_000.0).isBetween(8.0, 20.0);
    }
}
