package dev.skald.text.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.skald.text.Cases;
import dev.skald.text.english.EnglishSentences;
import dev.skald.text.input.Arriving;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class SentenceSplitterTest {
    private static final int LONGEST = 500;

    /** Each line of the table: a text (with \n and \r for line ends), then its sentences. */
    @TestFactory
    Stream<DynamicTest> splitsAsTheTableSays() {
        return Cases.read("sentences-en.tsv").stream()
                .map(
                        row ->
                                dynamicTest(
                                        row[0],
                                        () ->
                                                assertThat(
                                                                split(
                                                                        row[0].replace("\\r", "\r")
                                                                                .replace(
                                                                                        "\\n",
                                                                                        "\n")))
                                                        .containsExactly(
                                                                List.of(row)
                                                                        .subList(1, row.length)
                                                                        .toArray(new String[0]))));
    }

    @Test
    void longSentencesAreCutAtClauses() {
        String clause = "the wind went on and on over the wide and empty moor";
        String text = clause + (", " + clause).repeat(30) + ".";
        List<String> parts = split(text);
        assertThat(parts).hasSizeGreaterThan(2).allMatch(s -> s.length() <= LONGEST);
        assertThat(parts.subList(0, parts.size() - 1)).allMatch(s -> s.endsWith(","));
        assertThat(String.join(" ", parts)).isEqualTo(text);
    }

    @Test
    void wordsWithoutEndAreCut() {
        List<String> parts = split("a".repeat(5000));
        assertThat(parts).allMatch(s -> s.length() <= LONGEST);
        assertThat(String.join("", parts)).isEqualTo("a".repeat(5000));
    }

    @Test
    void neverCutsASurrogatePair() {
        assertThat(split("😂".repeat(1000)))
                .allMatch(s -> s.codePoints().allMatch(c -> c == 0x1F602));
    }

    @Test
    void digitsWeighMoreThanLetters() {
        assertThat(split("1234567890 ".repeat(100))).allMatch(s -> s.length() <= 80);
    }

    @Property(tries = 2000)
    void losesNothingButWhiteSpace(@ForAll String text) {
        String visible = text.replaceAll("[\\s\\p{Cc}\\p{Z}]+", "");
        // Rules of dashes and quote marks are dropped; keep them out.
        if (visible.matches(".*[-=_*~>].*")) {
            return;
        }
        assertThat(String.join("", split(text)).replaceAll("[\\s\\p{Cc}\\p{Z}]+", ""))
                .isEqualTo(visible);
    }

    @Test
    void readsNoMoreThanItNeeds() {
        int[] taken = {0};
        Reader endless =
                new Reader() {
                    @Override
                    public int read(char[] target, int offset, int length) {
                        for (int i = 0; i < length; i++) {
                            target[offset + i] = "It goes on. ".charAt((taken[0] + i) % 12);
                        }
                        taken[0] += length;
                        return length;
                    }

                    @Override
                    public void close() {}
                };
        SentenceSplitter splitter = splitter(endless);
        for (int i = 0; i < 100_000; i++) {
            assertThat(splitter.next()).isEqualTo("It goes on.");
        }
        assertThat(taken[0]).isLessThan(100_000 * 12 + 20_000);
    }

    @Test
    void tellsOfAReaderThatFails() {
        Reader broken =
                new Reader() {
                    @Override
                    public int read(char[] target, int offset, int length) throws IOException {
                        throw new IOException("gone");
                    }

                    @Override
                    public void close() {}
                };
        assertThatThrownBy(() -> splitter(broken).hasNext())
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("gone");
    }

    @Test
    void hasNothingAfterTheEnd() {
        SentenceSplitter splitter = splitter(new StringReader(" \n "));
        assertThat(splitter.hasNext()).isFalse();
        assertThatThrownBy(splitter::next).isInstanceOf(NoSuchElementException.class);
    }

    private static SentenceSplitter splitter(Reader text) {
        return new SentenceSplitter(new Arriving(text), new EnglishSentences());
    }

    static List<String> split(String text) {
        List<String> sentences = new ArrayList<>();
        splitter(new StringReader(text)).forEachRemaining(sentences::add);
        return sentences;
    }
}
