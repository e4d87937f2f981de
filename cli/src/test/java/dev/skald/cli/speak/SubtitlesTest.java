package dev.skald.cli.speak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidRequestException;
import dev.skald.TimedText;
import dev.skald.Timestamps;
import dev.skald.cli.Cli;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubtitlesTest {
    private static final int RATE = 1000;

    @TempDir Path folder;

    /** A word every 400 ms, in sentences; 100 ms between two, a second between sentences. */
    private static List<TimedText> words(Timestamps level, String... sentences) {
        List<TimedText> words = new ArrayList<>();
        long at = 0;
        int offset = 0;
        for (int s = 0; s < sentences.length; s++) {
            String[] parts =
                    level == Timestamps.WORD
                            ? sentences[s].split("(?<= )")
                            : new String[] {sentences[s]};
            for (String part : parts) {
                long end = at + (level == Timestamps.WORD ? 400 : 400L * part.length() / 5);
                words.add(
                        new TimedText(
                                level,
                                part.strip(),
                                part,
                                offset,
                                part.length(),
                                at,
                                end,
                                RATE,
                                s));
                at = end + 100;
                offset += part.length();
            }
            at += 1000;
        }
        return words;
    }

    @Test
    void aCueIsASentenceOfTwoLinesAtMost() {
        String text =
                new Subtitles("a.srt")
                        .text(
                                words(
                                        Timestamps.WORD,
                                        "It rained.",
                                        "Nobody at the harbour had seen such a storm, not even"
                                                + " the oldest of them."));
        assertThat(text)
                .isEqualTo(
                        """
                        1
                        00:00:00,000 --> 00:00:01,000
                        It rained.

                        2
                        00:00:02,000 --> 00:00:06,400
                        Nobody at the harbour
                        had seen such a storm,

                        3
                        00:00:06,500 --> 00:00:09,400
                        not even the oldest of them.

                        """);
    }

    @Test
    void cuesKeepTheRules() {
        String sentence =
                "When the ships came back, and the wind had turned at last, those who waited on"
                        + " the quay counted the sails: seven, where there had been nine; and they"
                        + " said nothing.";
        for (Timestamps level : List.of(Timestamps.WORD, Timestamps.SENTENCE)) {
            String text = new Subtitles("a.vtt").text(words(level, sentence, "No.", sentence));
            assertThat(text).startsWith("WEBVTT\n\n");
            StringBuilder shown = new StringBuilder();
            double before = 0;
            for (String cue : text.substring(8).split("\n\n")) {
                List<String> lines = cue.lines().toList();
                double start = seconds(lines.getFirst().substring(0, 12));
                double end = seconds(lines.getFirst().substring(17));
                assertThat(start).isGreaterThanOrEqualTo(before);
                assertThat(end - start).isBetween(0.3, 7.01);
                assertThat(lines).hasSizeBetween(2, 3);
                for (String line : lines.subList(1, lines.size())) {
                    assertThat(line.length()).isLessThanOrEqualTo(42);
                    shown.append(line).append(' ');
                }
                before = end;
            }
            assertThat(shown.toString().strip()).isEqualTo(sentence + " No. " + sentence);
        }
    }

    private static double seconds(String time) {
        String[] parts = time.split("[:.]");
        return Integer.parseInt(parts[0]) * 3600
                + Integer.parseInt(parts[1]) * 60
                + Integer.parseInt(parts[2])
                + Integer.parseInt(parts[3]) / 1000.0;
    }

    @Test
    void markUpOfWebVttIsNone() {
        assertThat(new Subtitles("a.vtt").text(words(Timestamps.WORD, "a <b> & c.")))
                .contains("a &lt;b&gt; &amp; c.");
    }

    @Test
    void theCommandWritesThemAndTellsWords() throws IOException {
        Path wav = folder.resolve("a.wav");
        Path srt = folder.resolve("a.srt");
        Cli.Result result =
                Cli.run(
                        "speak",
                        "Dr. Smith paid $5. Then it rained.",
                        "-o",
                        wav.toString(),
                        "--subtitles",
                        srt.toString(),
                        "--json",
                        "--timestamps",
                        "word");
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(Files.readString(srt))
                .startsWith("1\n00:00:00,")
                .contains("\nDr. Smith paid $5.")
                .contains("Then it rained.");
        assertThat(new String(result.bytes(), java.nio.charset.StandardCharsets.UTF_8))
                .contains("\"words\":[{\"text\":\"Dr.\",\"start\":")
                .contains("\"offset\":15,\"length\":2,");
    }

    @Test
    void anotherFormatIsRefused() {
        assertThatThrownBy(() -> new Subtitles("a.txt"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(".srt or .vtt");
    }
}
