package dev.skald.piper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidRequestException;
import dev.skald.Mode;
import dev.skald.Skald;
import dev.skald.SkaldException;
import dev.skald.Speech;
import dev.skald.SpeechReport;
import dev.skald.SpeechRequest;
import dev.skald.VoiceException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From {@link Skald} to audio: a small random voice of five speakers, and the real one. */
class WholeWayTest {
    private static final int SYMBOLS = 40;

    @TempDir Path folder;
    private Path onnx = Path.of("");
    private Path json = Path.of("");
    private Skald skald = Skald.builder().open();

    @BeforeEach
    void voice() throws IOException {
        onnx = folder.resolve("tiny.onnx");
        json = folder.resolve("tiny.onnx.json");
        Files.write(onnx, tiny());
        Files.writeString(json, config(SYMBOLS, 5));
        skald = Skald.builder().home(Path.of("target", "skald-home")).threads(2).open();
    }

    @AfterEach
    void close() {
        skald.close();
    }

    private static byte[] tiny() throws IOException {
        try (InputStream in =
                new GZIPInputStream(
                        Objects.requireNonNull(
                                WholeWayTest.class.getResourceAsStream(
                                        "/vits/medium-speakers.onnx.gz")))) {
            return in.readAllBytes();
        }
    }

    /** The plain configuration with the phonemes that a voice of so few symbols has. */
    private static String config(int symbols, int speakers) throws IOException {
        Map<String, String> ids =
                PiperIdsTest.config("plain").phonemeIds().entrySet().stream()
                        .filter(e -> e.getValue().getFirst() < symbols && !e.getKey().equals("\""))
                        .collect(
                                Collectors.toMap(
                                        e -> '"' + e.getKey() + '"', e -> e.getValue().toString()));
        return """
        {"audio": {"sample_rate": 22050}, "espeak": {"voice": "en-us"}, "num_symbols": %d,
         "num_speakers": %d, "phoneme_id_map": %s}
        """
                .formatted(symbols, speakers, ids.toString().replace("=", ": "));
    }

    private SpeechRequest.Builder request(String text) {
        return SpeechRequest.builder(text).voice(onnx);
    }

    @Test
    void aSeedAndASpeakerDecideTheAudio() {
        String text = "A small test. And then another, to be sure. One more!";
        float[] first = samples(request(text).seed(3).speaker("1").build());
        assertThat(first).isNotEmpty();
        assertThat(samples(request(text).seed(3).speaker("1").build())).isEqualTo(first);
        assertThat(samples(request(text).seed(4).speaker("1").build())).isNotEqualTo(first);
        assertThat(samples(request(text).seed(3).speaker("2").build())).isNotEqualTo(first);
    }

    @Test
    void theAudioIsTheSameWithAnyNumberOfThreads() {
        String text = "A small test. And then another, to be sure. One more!";
        float[] two = samples(request(text).seed(3).build());
        skald.close();
        skald = Skald.builder().home(Path.of("target", "skald-home")).threads(1).open();
        assertThat(samples(request(text).seed(3).build())).isEqualTo(two);
    }

    private float[] samples(SpeechRequest request) {
        float[] all = new float[0];
        try (Speech speech = skald.speak(request)) {
            assertThat(speech.choice().mode()).isEqualTo(Mode.FAST);
            for (var chunk : speech) {
                int at = all.length;
                all = Arrays.copyOf(all, at + chunk.samples().length);
                System.arraycopy(chunk.samples(), 0, all, at, chunk.samples().length);
            }
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1000, 20_000, -1})
    void aTruncatedVoiceIsOneLineAndLeavesTheEngineUsable(int bytes) throws IOException {
        byte[] whole = tiny();
        Files.write(onnx, Arrays.copyOf(whole, bytes < 0 ? whole.length - 1 : bytes));
        refused();
        Files.write(onnx, whole);
        assertThat(samples(request("A small test.").build())).isNotEmpty();
    }

    @Test
    void aVoiceThatIsNoModelIsOneLine() throws IOException {
        Files.writeString(onnx, "<html>404</html>");
        refused();
    }

    @Test
    void aConfigurationOfAnotherVoiceIsOneLine() throws IOException {
        Files.writeString(json, config(SYMBOLS + 1, 5));
        refused();
        Files.writeString(json, config(SYMBOLS, 6));
        refused();
        Files.writeString(json, config(SYMBOLS, 5));
        assertThat(samples(request("A small test.").build())).isNotEmpty();
    }

    @Test
    void aMissingConfigurationIsOneLine() throws IOException {
        Files.delete(json);
        assertThatThrownBy(() -> skald.speak(request("x").build()))
                .isInstanceOf(VoiceException.class)
                .hasMessageContaining("tiny.onnx.json is missing");
    }

    private void refused() {
        assertThatThrownBy(() -> skald.speak(request("A small test.").build()))
                .isInstanceOf(VoiceException.class)
                .hasMessageContaining("tiny.onnx")
                .message()
                .hasLineCount(1);
    }

    @Test
    void anUnknownVoiceIsOneLine() {
        assertThatThrownBy(() -> skald.speak(SpeechRequest.builder("x").voice("nope").build()))
                .isInstanceOf(SkaldException.class)
                .hasMessageContaining("'nope' is not an installed Piper voice")
                .message()
                .hasLineCount(1);
    }

    @Test
    void anUnknownSpeakerIsOneLine() {
        assertThatThrownBy(() -> skald.speak(request("x").speaker("5").build()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("a number from 0 to 4");
    }

    @Test
    void theRealVoiceSpeaksIntoAFile() throws IOException {
        Path wav = folder.resolve("hello.wav");
        SpeechRequest request =
                SpeechRequest.builder("Hello from Skald. It has 2 sentences.")
                        .voice(RealVoice.joe().onnx().toString())
                        .sentenceSilence(0.25)
                        .seed(1)
                        .build();
        SpeechReport report = skald.speak(request).writeTo(wav);
        assertThat(report.seconds()).isBetween(1.5, 6.0);
        assertThat(report.sentences()).isEqualTo(2);
        assertThat(report.peak()).isBetween(0.3, 1.0);
        assertThat(Files.size(wav)).isEqualTo(44 + 2 * report.samples());
        byte[] first = Files.readAllBytes(wav);
        skald.speak(request).writeTo(wav);
        assertThat(Files.readAllBytes(wav)).isEqualTo(first);
    }
}
