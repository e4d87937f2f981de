package dev.skald.piper;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TextBoundsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Hello, world!",
                "Wait... what?!",
                "--- (\"quoted\") ---",
                "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz",
                "https://example.org/a/very/long/path/that/still/fits/into/the/bound.html"
            })
    void languageIsLeftAlone(String text) {
        assertThat(TextBounds.bounded(text)).isSameAs(text);
    }

    @ParameterizedTest
    @CsvSource({
        "a!!!!!!!! b, a!!!!!!!! b",
        "a!!!!!!!!! b, a!!!! b",
        "a?!?!?!?!?!?!?! b, a?!?! b",
        "----------------------------------------, ----",
        "x 😀😀😀😀😀😀😀😀😀😀 y, x 😀😀😀😀 y"
    })
    void runsOfMarksAreCut(String text, String bounded) {
        assertThat(TextBounds.bounded(text)).isEqualTo(bounded);
    }

    @Test
    void wordsWithoutEndAreBroken() {
        String bounded = TextBounds.bounded("see " + "x".repeat(1000) + " there");
        assertThat(bounded.replace(" ", "")).isEqualTo("see" + "x".repeat(1000) + "there");
        assertThat(Arrays.stream(bounded.split(" ")).mapToInt(String::length).max()).hasValue(80);
    }

    @Test
    void theyAreBrokenBehindAMark() {
        String half = "a".repeat(50);
        assertThat(TextBounds.bounded(half + "-" + half)).isEqualTo(half + "- " + half);
        assertThat(TextBounds.bounded("é.".repeat(60)))
                .isEqualTo(("é.".repeat(16) + " ").repeat(3) + "é.".repeat(12));
    }

    @Test
    void lettersBeyondSixteenBitsStayWhole() {
        String bounded = TextBounds.bounded("𝒳".repeat(250));
        assertThat(bounded.split(" "))
                .extracting(w -> w.codePointCount(0, w.length()))
                .containsExactly(80, 80, 80, 10);
    }
}
