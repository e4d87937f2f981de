package dev.skald.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidRequestException;
import dev.skald.voices.io.Programs;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The script over stand-ins for PyTorch and chatterbox-tts ({@code official-stand-in}): a token is
 * a character, and 25 are a second.
 */
class OfficialPeerTest {
    private static final BenchText HELLO = new BenchText("hello", "Hello there, and there.");
    private static final OfficialPeer.Rounds ROUNDS = new OfficialPeer.Rounds(1, 2, null);

    @TempDir private Path folder;
    private final List<String> told = new ArrayList<>();
    private Path python = Path.of("python3");

    @BeforeEach
    void needsPython() throws IOException {
        Optional<Path> found = Programs.find("python3");
        Assumptions.assumeTrue(found.isPresent(), "needs python3");
        Assumptions.assumeTrue(File.separatorChar == '/', "needs a shell");
        Path packages =
                Path.of(
                        Objects.requireNonNull(getClass().getResource("/official-stand-in"))
                                .getPath());
        python = program("PYTHONPATH='" + packages + "' exec '" + found.get() + "' \"$@\"");
        Files.createFile(folder.resolve("t3_cfg.safetensors"));
    }

    private Path program(String line) throws IOException {
        Path program = folder.resolve("python-" + line.hashCode());
        Files.writeString(program, "#!/bin/sh\n" + line + "\n");
        assertThat(program.toFile().setExecutable(true)).isTrue();
        return program;
    }

    private OfficialPeer peer(Path checkpoint) {
        Map<String, @Nullable Object> speaker = new HashMap<>();
        speaker.put("model", "chatterbox");
        speaker.put("folder", checkpoint.toString());
        speaker.put("device", "cpu");
        speaker.put("threads", 1);
        speaker.put("seed", 3);
        speaker.put("clip", null);
        speaker.put("watermark", false);
        speaker.put("language", "en");
        speaker.put("options", Map.of("cfg_weight", 0.3));
        return new OfficialPeer(python, speaker, Duration.ofMinutes(1));
    }

    private List<BenchRow> rows(double length, BenchText... texts)
            throws IOException, InterruptedException {
        List<Double> lengths = length == 0 ? List.of() : List.of(length);
        return peer(folder).rows(List.of(texts), lengths, ROUNDS, told::add);
    }

    private String failure(String text) throws IOException, InterruptedException {
        List<BenchRow> rows = rows(0, new BenchText("bad", text), HELLO);
        assertThat(rows).hasSize(2);
        assertThat(rows.getFirst().whole()).isFalse();
        assertThat(rows.getLast().whole()).isTrue();
        return rows.getFirst().failure();
    }

    @Test
    void tellsWhatATextTakes() throws Exception {
        BenchRow row = rows(0, HELLO).getFirst();
        assertThat(row.failure()).isEmpty();
        assertThat(row.program()).isEqualTo("chatterbox-tts 9.9, PyTorch 0.0");
        assertThat(row.text()).isEqualTo("hello");
        assertThat(row.characters()).isEqualTo(23);
        assertThat(row.total().measured()).hasSize(2);
        assertThat(row.audio().median()).isEqualTo(24 / 25.0);
        assertThat(row.load().median()).isPositive();
        assertThat(row.first().measured()).isEmpty();
        assertThat(row.peakBytes()).isGreaterThan(1_000_000);
        assertThat(told).hasSize(2).last().asString().startsWith("hello: 0.0");
    }

    @Test
    void whatTakesTooLongIsMeasuredOnce() throws Exception {
        OfficialPeer.Rounds once = new OfficialPeer.Rounds(3, 5, 0.0);
        BenchRow row = peer(folder).rows(List.of(HELLO), List.of(), once, told::add).getFirst();
        assertThat(row.total().measured()).hasSize(1);
    }

    @Test
    void stopsAtTheSameLength() throws Exception {
        BenchRow row = rows(0.2, HELLO).getFirst();
        assertThat(row.audio().median()).isEqualTo(0.2);
        assertThat(row.whole()).isTrue();
        assertThat(row.program()).endsWith("PyTorch 0.0, stopped at the same length");
    }

    @Test
    void aTextThatIsCutOffHasNoSpeed() throws Exception {
        String text = "long ".repeat(240);
        String cut = "cut off at 1000 speech tokens, 40.0 s of audio";
        assertThat(failure(text)).isEqualTo(cut);
        assertThat(rows(60, new BenchText("long", text)).getFirst().failure()).isEqualTo(cut);
        assertThat(rows(40, new BenchText("long", text)).getFirst().failure()).isEmpty();
        assertThat(failure("hurry on, hurry on")).isEqualTo("cut off, 0.0 s of audio");
        BenchRow row = rows(0, new BenchText("long", text)).getFirst();
        assertThat(row.total().median()).isPositive();
        assertThat(row.pace()).isEmpty();
        assertThat(row.json()).doesNotContainKey("characters_per_second");
    }

    @Test
    void whatGoesWrongWithATextIsOneLine() throws Exception {
        assertThat(failure("a".repeat(2049)))
                .isEqualTo("refused: 2051 text tokens, and it takes 2050 at most");
        assertThat(failure("no memory")).isEqualTo("failed: CUDA out of memory");
        assertThat(failure("a crash")).startsWith("ended with exit code 134: ");
        assertThat(told).contains("bad: failed: CUDA out of memory (chatterbox-tts)");
    }

    @Test
    void whatNoTextCanPassIsToldOnce() throws Exception {
        List<BenchText> texts = List.of(HELLO, HELLO);
        List<BenchRow> rows =
                peer(folder.resolve("elsewhere")).rows(texts, List.of(), ROUNDS, told::add);
        assertThat(rows).hasSize(1);
        assertThat(rows.getFirst().failure())
                .isEqualTo(
                        "chatterbox-tts 9.9 cannot load the checkpoint: FileNotFoundError: No such"
                                + " file: t3_cfg.safetensors and more");
        python = program("exec '" + Programs.find("python3").orElseThrow() + "' -I \"$@\"");
        rows = peer(folder).rows(texts, List.of(), ROUNDS, told::add);
        assertThat(rows).hasSize(1);
        assertThat(rows.getFirst().failure())
                .startsWith("no chatterbox-tts is installed: ")
                .endsWith(" -m pip install chatterbox-tts");
    }

    @Test
    void aProgramThatIsNoPythonIsToldToo() throws Exception {
        python = program("cat >/dev/null; echo 'no | such thing' >&2; exit 3");
        assertThat(rows(0, HELLO).getFirst().failure())
                .isEqualTo("ended with exit code 3: no / such thing");
        python = program("cat >/dev/null; echo hello");
        assertThat(rows(0, HELLO).getFirst().failure())
                .isEqualTo("ended with exit code 0: it said nothing");
        python = folder.resolve("t3_cfg.safetensors");
        assertThat(rows(0, HELLO).getFirst().failure()).startsWith("cannot be started: ");
    }

    @Test
    void whatHangsIsEnded() throws Exception {
        python = program("exec sleep 100");
        OfficialPeer hanging = new OfficialPeer(python, Map.of(), Duration.ofMillis(200));
        assertThat(hanging.rows(List.of(HELLO), List.of(), ROUNDS, told::add).getFirst().failure())
                .isEqualTo("not finished after 0 minutes");
    }

    @Test
    void aProgramIsFoundOrRefused() {
        assertThat(OfficialPeer.found(python.toString())).isEqualTo(python);
        assertThat(OfficialPeer.found("python3")).isEqualTo(Programs.find("python3").orElseThrow());
        assertThatThrownBy(() -> OfficialPeer.found(folder.resolve("none").toString()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("chatterbox-tts");
    }
}
