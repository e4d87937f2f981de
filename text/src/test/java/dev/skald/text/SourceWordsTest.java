package dev.skald.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.TextFormat;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Words of normalised text know where they stand in the text as it came in. */
class SourceWordsTest {
    private static final List<String> ROWS =
            Cases.read("normalisation-en.tsv").stream().map(row -> row[0]).toList();

    /** The words of a text, after what must hold for any text was looked at. */
    private static List<SourceWord> words(TextFrontEnd front, String text) {
        List<SourceWord> all = new ArrayList<>();
        int end = 0;
        for (Iterator<Sentence> it = front.traced(new StringReader(text)); it.hasNext(); ) {
            Sentence sentence = it.next();
            SentenceTrace trace = Objects.requireNonNull(sentence.trace());
            List<SourceWord> words = trace.words();
            BitSet said = new BitSet();
            for (SourceWord word : words) {
                assertThat(word.offset()).as("%s in %s", word, text).isGreaterThanOrEqualTo(end);
                end = word.offset() + word.length();
                assertThat(end).as("%s in %s", word, text).isLessThanOrEqualTo(text.length());
                assertThat(word.text()).isEqualTo(text.substring(word.offset(), end));
                assertThat(word.length()).as("%s in %s", word, text).isPositive();
                said.set(word.from(), word.to());
            }
            String normalized = sentence.normalized();
            for (int i = 0; i < normalized.length(); i++) {
                assertThat(said.get(i) || !Character.isLetterOrDigit(normalized.charAt(i)))
                        .as("character %s of %s has a word: %s", i, normalized, words)
                        .isTrue();
            }
            assertThat(words.stream().map(SourceWord::shown).collect(Collectors.joining()))
                    .isEqualTo(sentence.source());
            all.addAll(words);
        }
        return all;
    }

    private static TextFrontEnd front(TextFormat format) {
        return new TextFrontEnd("en", Lexicon.EMPTY, format);
    }

    private static List<String> texts(TextFormat format, String text) {
        return words(front(format), text).stream().map(SourceWord::text).toList();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "Dr. Smith paid $5 to the well-known café.;Dr.|Smith|paid|$5|to|the|well-known|café",
                "It is 3:45 pm, on 03/04/2024;It|is|3:45 pm|on|03/04/2024",
                "\"Hello,\" she said — twice.;Hello|she|said|twice",
                "ＦＵＬＬ　ＷＩＤＴＨ e\u0301te\u0301 “so”;ＦＵＬＬ|ＷＩＤＴＨ|e\u0301te\u0301|so",
                "Wait... what?! And/or not 😂.;Wait|what|And/or|not|😂",
                "Say [[həlˈoʊ wˈɜːld]] now;Say|[[həlˈoʊ wˈɜːld]]|now",
            })
    void aWordIsAsItStands(String text, String words) {
        assertThat(texts(TextFormat.TEXT, text)).containsExactly(words.split("\\|"));
    }

    @Test
    void markdownIsNoWord() {
        String text =
                "# A *bold* title\n\nSee [the page](https://example.org/the/page), it costs"
                        + " **$12.50** &amp; more.\n\n1. un**bold**ed `code` x\n2. $x^2$ is it\n\n"
                        + "> quoted <b>tags</b>\n";
        assertThat(texts(TextFormat.MARKDOWN, text))
                .containsExactly(
                        "A",
                        "bold",
                        "title",
                        "See",
                        "the",
                        "page",
                        "it",
                        "costs",
                        "$12.50",
                        "&",
                        "more",
                        "1",
                        "un**bold**ed",
                        "code",
                        "x",
                        "2",
                        "$x^2$",
                        "is",
                        "it",
                        "quoted",
                        "tags");
    }

    @Test
    void htmlIsNoWord() {
        String text =
                "<!doctype html><html><head><title>Hidden words</title></head><body>"
                        + "<h1 class=\"words\">Hidden &lt; words</h1><p>It&nbsp;costs <b>$5</b>."
                        + "<br>More&hellip;</p><ul><li>one</li><li>two<img alt='three'></li></ul>";
        List<SourceWord> words = words(front(TextFormat.AUTO), text);
        assertThat(words.stream().map(SourceWord::text))
                .containsExactly(
                        "Hidden",
                        "&lt;",
                        "words",
                        "It",
                        "costs",
                        "$5",
                        "More",
                        "one",
                        "two",
                        "<img alt='three'>");
        assertThat(words.getFirst().offset()).isEqualTo(text.lastIndexOf("Hidden"));
    }

    @Test
    void wordsOfTheLexiconAndOtherLanguagesStandWhereTheyStood() throws Exception {
        Lexicon lexicon = Lexicon.read(new StringReader("nginx=engine ex\nGeis=[[ɡˈaɪs]]"), "l");
        assertThat(words(new TextFrontEnd("en", lexicon), "My nginx, Geis's 2nd."))
                .extracting(SourceWord::text)
                .containsExactly("My", "nginx", "Geis's", "2nd");
        TextFrontEnd german = new TextFrontEnd("de", Lexicon.EMPTY);
        assertThat(words(german, "Es gibt z. B.\u00A0ein Café, −5 Grad.\nUnd ﬁnde."))
                .extracting(SourceWord::text)
                .containsExactly(
                        "Es", "gibt", "z. B.", "ein", "Café", "−", "5", "Grad", "Und", "ﬁnde");
        assertThat(words(new TextFrontEnd("zh", Lexicon.EMPTY), "今天的火车又晚点了。下雨"))
                .hasSizeBetween(5, 10);
    }

    @Test
    void wrappedLinesAndBrokenWordsKeepTheirPlaces() {
        String text = "  The har-\nbour   was\r\n\tquiet.\n\nThen it rained.";
        List<SourceWord> words = words(front(TextFormat.AUTO), text);
        assertThat(words.stream().map(SourceWord::text))
                .containsExactly("The", "har-\nbour", "was", "quiet", "Then", "it", "rained");
        assertThat(words.get(3).shown()).isEqualTo("quiet.");
    }

    @Test
    void everyRowOfTheTablesIsTraced() {
        for (String row : ROWS) {
            words(front(TextFormat.TEXT), row);
            words(front(TextFormat.AUTO), row);
        }
        for (String[] row : Cases.read("readings.tsv")) {
            String text = row[1].replace("\\n", "\n").replace("\\x1b", "\u001b");
            words(new TextFrontEnd(row[0], Lexicon.EMPTY), text);
        }
        words(front(TextFormat.TEXT), String.join("\n\n", ROWS));
        words(front(TextFormat.AUTO), String.join(" ", ROWS));
    }

    @Property(tries = 300)
    void anyTextIsTraced(@ForAll String text, @ForAll TextFormat format) {
        words(front(format), text);
        words(new TextFrontEnd("de", Lexicon.EMPTY, format), text);
    }

    @Property(tries = 1000)
    void textsOfTheTablesTogetherAreTraced(@ForAll("rows") String text, @ForAll TextFormat format) {
        words(front(format), text);
    }

    @Provide
    Arbitrary<String> rows() {
        Arbitrary<String> join =
                Arbitraries.of(
                        " ",
                        "\n",
                        "\n\n",
                        " **",
                        "** ",
                        "*",
                        "<b>",
                        "</b>",
                        "<p>",
                        "&amp;",
                        "`",
                        "\n- ",
                        "\n1. ",
                        "\n> ",
                        "[",
                        "](x y)",
                        "<table>",
                        "<tr><td>",
                        "</table>",
                        "<li>",
                        "e\u0301",
                        "ﬁ",
                        "\t",
                        "…");
        return Arbitraries.of(ROWS)
                .list()
                .ofMinSize(1)
                .ofMaxSize(6)
                .flatMap(
                        rows ->
                                join.list()
                                        .ofSize(rows.size())
                                        .map(
                                                joins -> {
                                                    StringBuilder out = new StringBuilder();
                                                    for (int i = 0; i < rows.size(); i++) {
                                                        out.append(rows.get(i))
                                                                .append(joins.get(i));
                                                    }
                                                    return out.toString();
                                                }));
    }
}
