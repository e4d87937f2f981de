package dev.skald.chatterbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Timestamps;
import dev.skald.text.Lexicon;
import dev.skald.text.TextFrontEnd;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SentenceGroupsTest {
    private static List<String> pieces(String language, String text) {
        List<String> pieces = new ArrayList<>();
        new SentenceGroups(
                        new TextFrontEnd(language, Lexicon.EMPTY).sentences(new StringReader(text)),
                        !language.equals("en"),
                        false,
                        Timestamps.NONE)
                .forEachRemaining(p -> pieces.add(p.text()));
        return pieces;
    }

    /** Longer ones would pass the 1,000 tokens that T3 may draw, and lose their end. */
    @ParameterizedTest
    @CsvSource({
        "en, 'The train was late again and it rained. '",
        "de, 'Der Zug kam wieder zu spät und es regnete. '",
        "zh, '今天的火车又晚点了而且一直在下雨。'",
        "ja, '今日も電車は遅れていて雨が降っていました。'",
        "ko, '오늘도 기차가 늦었고 비가 계속 내렸습니다. '",
    })
    void piecesTakeLessThanTheModelsMost(String language, String sentence) {
        List<String> pieces = pieces(language, sentence.repeat(60));
        assertThat(pieces).hasSizeGreaterThan(4);
        assertThat(pieces).allMatch(p -> SpokenLength.of(p) <= 280);
        assertThat(pieces.getFirst().length()).isLessThan(100);
        String all = String.join("", pieces).replace(" ", "");
        assertThat(all).isEqualTo(sentence.repeat(60).replace(" ", ""));
    }

    @Test
    void aParagraphEndsAPieceAndAHeadingDoesNot() {
        String text =
                "Chapter One\n\nThe train was late again, and nobody seemed to mind that today."
                        + "\n\nAnna did. She looked at her watch for the third time.";
        List<SentenceGroups.Group> groups = new ArrayList<>();
        new SentenceGroups(
                        new TextFrontEnd("en", Lexicon.EMPTY).sentences(new StringReader(text)),
                        false,
                        false,
                        Timestamps.NONE)
                .forEachRemaining(groups::add);
        assertThat(groups).hasSize(2);
        assertThat(groups.getFirst().text()).startsWith("Chapter One").endsWith("today.");
        assertThat(groups.getFirst().endsBlock()).isTrue();
        assertThat(groups.getLast().text()).startsWith("Anna did.").endsWith("time.");
    }

    @Test
    void aCharacterThatIsASyllableIsLongerThanALetter() {
        assertThat(SpokenLength.of("late")).isEqualTo(4);
        assertThat(SpokenLength.of("晚点了")).isEqualTo(9);
        assertThat(SpokenLength.of("")).isZero();
    }
}
