package dev.skald.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidRequestException;
import dev.skald.SpeechRequest;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LexiconTest {
    @TempDir Path folder;

    @Test
    void replacesWholeWordsAlone() {
        Lexicon lexicon = lexicon("sql\tsequel\nC++ = see plus plus\nNew York=Gotham");
        assertThat(lexicon.size()).isEqualTo(3);
        assertThat(lexicon.apply("SQL, MySQL and sql-like C++ in New York."))
                .isEqualTo("sequel, MySQL and sequel-like see plus plus in Gotham.");
    }

    @Test
    void theExactCaseWins() {
        Lexicon lexicon = lexicon("polish=shine\nPolish=of Poland\nREAD=R E A D");
        assertThat(lexicon.apply("polish Polish POLISH read READ"))
                .isEqualTo("shine of Poland shine read R E A D");
    }

    @Test
    void aRequestsOwnWordsWinOverThoseOfItsFile(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("words.txt"), "sql=sequel\nnginx=engine x");
        SpeechRequest request =
                SpeechRequest.builder("x").lexicon(file).words(Map.of("sql", "S Q L")).build();
        assertThat(Lexicon.of(request).apply("sql, nginx")).isEqualTo("S Q L, engine x");
        for (Map<String, String> wrong :
                List.of(Map.of("", "a"), Map.of("a", " "), Map.of("a", "b\u0000"))) {
            SpeechRequest bad = SpeechRequest.builder("x").words(wrong).build();
            assertThatThrownBy(() -> Lexicon.of(bad))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageStartingWith("lexicon: ");
        }
    }

    @Test
    void theLongestWordWins() {
        Lexicon lexicon = lexicon("new=old\nnew york=Gotham");
        assertThat(lexicon.apply("New York is new.")).isEqualTo("Gotham is old.");
    }

    @Test
    void phonemesAreSaidAndNotLookedInto() {
        Lexicon lexicon = lexicon("# greetings\n\nskald\t[[skˈɑld]]\na=b");
        assertThat(lexicon.apply("Skald says [[a a]]")).isEqualTo("[[skˈɑld]] says [[a a]]");
        TextFrontEnd front = new TextFrontEnd("en", lexicon);
        assertThat(front.normalize("Skald has 2 voices.")).isEqualTo("[[skˈɑld]] has two voices.");
    }

    @Test
    void anEntryStandsForItsPossessiveAndPlural() {
        Lexicon lexicon = lexicon("Geis=[[ɡˈaɪs]]\nnginx=engine x\nDoe=[[dˈoʊ]]\nbus=coach");
        TextFrontEnd front = new TextFrontEnd("en", lexicon);
        assertThat(front.normalize("Mr. Geis's dog")).isEqualTo("Mister [[ɡˈaɪsᵻz]] dog");
        assertThat(front.normalize("nginx's and the Does"))
                .isEqualTo("engine x's and the [[dˈoʊz]]");
        assertThat(front.normalize("bus and busy")).isEqualTo("coach and busy");
        assertThat(new TextFrontEnd("de", lexicon).normalize("Geis's")).isEqualTo("[[ɡˈaɪs]]'s");
    }

    @Test
    void aByteOrderMarkIsNoWord() {
        assertThat(lexicon("\uFEFFsql=sequel").apply("sql")).isEqualTo("sequel");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "word without anything | line 2: write the word, a tab or '=', and what to say",
                "=nothing               | line 2: the word before the tab or '=' is missing",
                "word=                  | line 2: say what to speak for 'word'",
                "word=[[həl             | line 2: [[ has no ]]",
                "[[a]]=b                | line 2: [[phonemes]] stand after the tab or '='",
            })
    void saysWhichLineIsWrong(String line, String message) {
        assertThatThrownBy(() -> lexicon("good=word\n" + line))
                .isInstanceOf(LexiconException.class)
                .hasMessageContaining(message)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void aWordOrReadingWithoutEndIsAnError() {
        assertThatThrownBy(() -> lexicon("x".repeat(101) + "=y")).hasMessageContaining("100");
        assertThatThrownBy(() -> lexicon("x=" + "y".repeat(1001))).hasMessageContaining("1000");
        assertThatThrownBy(() -> lexicon("a=b\u0000c")).hasMessageContaining("column 4");
        Path endless =
                write("x".repeat(1_000_000).getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertThatThrownBy(() -> Lexicon.load(endless)).hasMessageContaining("10000 characters");
    }

    @Test
    void filesThatCannotBeReadAreOneLineErrors() {
        assertThatThrownBy(() -> Lexicon.load(folder.resolve("none.txt")))
                .isInstanceOf(LexiconException.class)
                .hasMessageContaining("there is no lexicon file");
        Path binary = write(new byte[] {'a', '=', (byte) 0xFF, (byte) 0xFE});
        assertThatThrownBy(() -> Lexicon.load(binary)).hasMessageContaining("not UTF-8");
        assertThatThrownBy(() -> Lexicon.load(folder)).isInstanceOf(LexiconException.class);
    }

    @Property(tries = 1000)
    void anyFileIsReadOrRefusedCleanly(@ForAll String content, @ForAll String text) {
        try {
            lexicon(content).apply(text);
        } catch (LexiconException e) {
            assertThat(e.getMessage()).contains("line ");
        }
    }

    private Path write(byte[] bytes) {
        try {
            return Files.write(Files.createTempFile(folder, "lexicon", ".txt"), bytes);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Lexicon lexicon(String content) {
        try {
            return Lexicon.read(new StringReader(content), "test.txt");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
