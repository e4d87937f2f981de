package dev.skald.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.Reader;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextFrontEndTest {
    private final TextFrontEnd front = new TextFrontEnd("en-US", Lexicon.EMPTY);

    @Test
    void givesEachSentenceAsWrittenAndAsSaid() {
        assertThat(sentences("Dr. Smith paid $5. He left at 3 p.m. on 5 May."))
                .containsExactly(
                        new Sentence("Dr. Smith paid $5.", "Doctor Smith paid five dollars."),
                        new Sentence(
                                "He left at 3 p.m. on 5 May.",
                                "He left at three PM on the fifth of May."));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", " \n\t", "... !!! ???", "\u0000\u0001", "\uD83D", "—", "***", "[[]]"})
    void textWithNothingToSayHasNoSentences(String text) {
        assertThat(sentences(text)).isEmpty();
        assertThat(front.normalize(text)).isEmpty();
    }

    @Test
    void phonemesStayAsTheyAreWhereverTheyStand() {
        assertThat(front.normalize("[[’tɪz]] 2’s")).startsWith("[[’tɪz]] ");
        assertThat(front.normalize("so [[’tɪz]], ½")).isEqualTo("so [[’tɪz]], one half");
    }

    @Test
    void blocksAreKeptApartInTheWholeText() {
        assertThat(front.normalize("# Title\nOne line\nwrapped. Two.\n\n- item 1\n- item 2"))
                .isEqualTo("Title\n\nOne line wrapped. Two.\n\nitem one\n\nitem two");
    }

    @Test
    void otherLanguagesAreOnlyCleanedUp() {
        TextFrontEnd german = new TextFrontEnd("de_DE", Lexicon.EMPTY);
        assertThat(german.normalize("Um 5\u00A0Uhr kostet es 3 €.\u0000 Gut\u200B!"))
                .isEqualTo("Um 5 Uhr kostet es 3 €. Gut!");
    }

    @Test
    void oneLongLineComesInSmallSentences() {
        Iterator<Sentence> sentences =
                front.sentences(new RepeatingReader("no end of words, 5 km 😂 and ", 2_000_000));
        long total = 0;
        int longest = 0;
        while (sentences.hasNext()) {
            Sentence sentence = sentences.next();
            total += sentence.source().length() + 1;
            longest = Math.max(longest, sentence.normalized().length());
        }
        assertThat(total).isBetween(1_990_000L, 2_000_001L);
        assertThat(longest).isLessThan(900);
    }

    @Property(tries = 1000)
    void anyTextIsReadAndNoSentenceIsEmpty(@ForAll String text) {
        assertThat(sentences(text))
                .allMatch(s -> !s.normalized().isBlank() && !s.source().isBlank());
    }

    private List<Sentence> sentences(String text) {
        List<Sentence> all = new ArrayList<>();
        front.sentences(new StringReader(text)).forEachRemaining(all::add);
        return all;
    }

    /** The same words again and again, never held as a whole. */
    private static final class RepeatingReader extends Reader {
        private final String words;
        private final int size;
        private int position;

        RepeatingReader(String words, int size) {
            this.words = words;
            this.size = size;
        }

        @Override
        public int read(char[] target, int offset, int length) {
            int n = Math.min(length, size - position);
            for (int i = 0; i < n; i++) {
                target[offset + i] = words.charAt((position + i) % words.length());
            }
            position += n;
            return n == 0 ? -1 : n;
        }

        @Override
        public void close() {}
    }
}
