package dev.skald.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.text.english.EnglishNormalizer;
import dev.skald.text.languages.LanguageNormalizer;
import dev.skald.text.normalize.TextNormalizer;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds for any text whatever. */
class NormalizationPropertyTest {
    private final TextNormalizer english = new EnglishNormalizer();
    private final TextNormalizer german = new LanguageNormalizer("de");
    private final TextNormalizer vietnamese = new LanguageNormalizer("vi");

    @Property(tries = 3000)
    void neverThrowsAndIsIdempotentOnAnyCharacters(@ForAll String text) {
        for (TextNormalizer normalizer : List.of(english, german)) {
            String once = normalizer.normalize(text);
            assertThat(normalizer.normalize(once)).isEqualTo(once);
        }
    }

    @Property(tries = 5000)
    void isIdempotentWhereMarksMeetLettersThatBecomePlain(@ForAll("marked") String text) {
        for (TextNormalizer normalizer : List.of(english, german, vietnamese)) {
            String once = normalizer.normalize(text);
            assertThat(normalizer.normalize(once)).isEqualTo(once);
        }
    }

    @Property(tries = 5000)
    void neverThrowsAndIsIdempotentOnWhatTheRulesLookAt(@ForAll("fragments") String text) {
        String once = english.normalize(text);
        assertThat(english.normalize(once)).isEqualTo(once);
    }

    @Property(tries = 3000)
    void whatHasLettersOrDigitsIsNeverEmpty(@ForAll("fragments") String text) {
        // Mark-up is not speech.
        boolean speakable =
                text.replace("</b>", "")
                        .replace("[1]", "")
                        .replace(":)", "")
                        .chars()
                        .anyMatch(c -> c < 0x80 && Character.isLetterOrDigit(c));
        if (speakable) {
            assertThat(english.normalize(text)).isNotEmpty();
        }
    }

    @Property(tries = 3000)
    void digitsAndSymbolsAreGone(@ForAll("fragments") String text) {
        String said = english.normalize(text).replaceAll("\\[\\[.*?\\]\\]", "");
        assertThat(said).doesNotContainPattern("[0-9$€£%@#&+=<>*_^~|\\\\]");
    }

    @Property(tries = 2000)
    void plainSentencesAreUnchanged(@ForAll("plain") String text) {
        assertThat(english.normalize(text)).isEqualTo(text);
    }

    /** Latin letters, their raised, full-width, squared and mathematical forms, and marks. */
    @Provide
    Arbitrary<String> marked() {
        return Arbitraries.strings()
                .withCharRange('a', 'z')
                .withCharRange('À', 'ɏ')
                .withCharRange('ʰ', 'ˣ')
                .withCharRange('\u0300', '\u036F')
                .withCharRange('ᴬ', 'ᵡ')
                .withCharRange('Ḁ', 'ỿ')
                .withCharRange('℀', 'ↈ')
                .withCharRange('①', '⓿')
                .withCharRange('㍱', '㏟')
                .withCharRange('ﬀ', 'ﬆ')
                .withCharRange('！', '～')
                .ofMaxLength(12);
    }

    @Provide
    Arbitrary<String> fragments() {
        Arbitrary<String> fragment =
                Arbitraries.of(
                        "0",
                        "1",
                        "2",
                        "12",
                        "007",
                        "1999",
                        "2024",
                        "123456",
                        "1,234",
                        "3.14",
                        ".5",
                        "½",
                        "²",
                        "10²³",
                        "⁻",
                        "₂",
                        "-",
                        "–",
                        "—",
                        "--",
                        "−",
                        "+",
                        "/",
                        "//",
                        ":",
                        ";",
                        ".",
                        "..",
                        "...",
                        "…",
                        ",",
                        "!",
                        "?",
                        "'",
                        "\"",
                        "’",
                        "“",
                        "(",
                        ")",
                        "[",
                        "]",
                        "[[",
                        "]]",
                        "{",
                        "<",
                        ">",
                        "=",
                        "*",
                        "_",
                        "^",
                        "~",
                        "|",
                        "\\",
                        "#",
                        "@",
                        "&",
                        "%",
                        "$",
                        "€",
                        "£",
                        "¥",
                        "¢",
                        "°",
                        "°C",
                        "§",
                        "©",
                        "™",
                        "→",
                        "×",
                        "÷",
                        "π",
                        "Ω",
                        " ",
                        " ",
                        " ",
                        " ",
                        "\t",
                        "\n",
                        "\u00A0",
                        "\u0000",
                        "\u200D",
                        "\uFE0F",
                        "\uD83D",
                        "\uDE00",
                        "😂",
                        "👍🏽",
                        "🇫🇷",
                        "é",
                        "e\u0301",
                        "x",
                        "X",
                        "a",
                        "A",
                        "I",
                        "V",
                        "II",
                        "VIII",
                        "K",
                        "M",
                        "s",
                        "st",
                        "th",
                        "km",
                        "kg",
                        "GB",
                        "m/s",
                        "in",
                        "ft",
                        "am",
                        "p.m.",
                        "PM",
                        "Dr.",
                        "Mr",
                        "St.",
                        "etc.",
                        "e.g.",
                        "No.",
                        "U.S.",
                        "J.",
                        "Ph.D.",
                        "Inc.",
                        "vs.",
                        "Mar.",
                        "March",
                        "May",
                        "Mon",
                        "Fri",
                        "BC",
                        "Henry",
                        "World War",
                        "Chapter",
                        "the",
                        "a",
                        "of",
                        "The",
                        "London",
                        "people",
                        "million",
                        "www.",
                        "http://",
                        ".com",
                        "v",
                        "USD",
                        "US$",
                        "Rs.",
                        "ISBN",
                        "0x",
                        "1e",
                        "w/",
                        "and/or",
                        "[1]",
                        ":)",
                        "</b>");
        return fragment.list().ofMinSize(1).ofMaxSize(12).map(parts -> String.join("", parts));
    }

    @Provide
    Arbitrary<String> plain() {
        Arbitrary<String> word =
                Arbitraries.of(
                        "the",
                        "ship",
                        "sailed",
                        "north",
                        "we",
                        "don't",
                        "know",
                        "why",
                        "London",
                        "an",
                        "old",
                        "well-known",
                        "captain",
                        "said",
                        "it",
                        "was",
                        "café",
                        "naïve",
                        "rain",
                        "never",
                        "again",
                        "it's",
                        "Skald",
                        "speaks",
                        "so",
                        "may");
        Arbitrary<String> stop = Arbitraries.of(".", "?", "!");
        Arbitrary<String> between = Arbitraries.of(" ", " ", " ", ", ", "; ", ": ", " — ");
        return word.list()
                .ofMinSize(1)
                .ofMaxSize(15)
                .flatMap(
                        words ->
                                between.flatMap(
                                        comma ->
                                                stop.map(
                                                        end ->
                                                                "Then "
                                                                        + String.join(comma, words)
                                                                        + end)));
    }
}
