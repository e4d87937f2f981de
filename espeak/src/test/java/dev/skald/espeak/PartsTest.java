package dev.skald.espeak;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.text.Phonemizer.Clause;
import java.util.List;
import org.junit.jupiter.api.Test;

class PartsTest {
    private final EspeakNg espeak = new EspeakNg();

    private List<Clause> read(String word) {
        if (word.length() > 1 && word.startsWith("bad") || word.equals("z")) {
            throw new SandboxException("trap", null);
        }
        return espeak.phonemize("en-us", word);
    }

    private static long end(long millis) {
        return System.nanoTime() + millis * 1_000_000;
    }

    @Test
    void wordsAreReadAndTheCulpritIsSpelled() {
        Parts parts = new Parts(this::read, end(60_000));
        assertThat(parts.read("Hello, bad cat. Yes?"))
                .containsExactly(
                        new Clause("həlˈoʊ", ",", false),
                        new Clause("bˈiː ˈeɪ dˈiː kˈæt", ".", true),
                        new Clause("jˈɛs", "?", true));
        assertThat(parts.told()).isEqualTo(": read word by word, spelled [bad]");
    }

    @Test
    void aTextWithoutAMarkEndsItsSentence() {
        Parts parts = new Parts(this::read, end(60_000));
        assertThat(parts.read(" red\ncat ")).containsExactly(new Clause("ɹˈɛd kˈæt", "", true));
        assertThat(parts.told()).isEqualTo(": read word by word");
    }

    @Test
    void whatCannotEvenBeSpelledIsLeftOut() {
        assertThat(new Parts(this::read, end(60_000)).read("z")).isEmpty();
        assertThat(new Parts(this::read, end(60_000)).read("badz cat"))
                .containsExactly(new Clause("bˈiː ˈeɪ dˈiː kˈæt", "", true));
    }

    @Test
    void thereIsAnEndToIt() {
        Parts parts =
                new Parts(
                        word -> {
                            try {
                                Thread.sleep(20);
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                            throw new SandboxException("no end in sight", null);
                        },
                        end(300));
        long start = System.nanoTime();
        assertThat(parts.read("some words of a text. ".repeat(100))).isEmpty();
        assertThat((System.nanoTime() - start) / 1e6).isLessThan(5000);
        assertThat(parts.told()).contains("left out from");
    }
}
