package dev.skald.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a fresh JVM loads for a text: nothing the text does not need. */
class LazyLoadingTest {
    @TempDir Path folder;

    /** Run in a JVM of its own. */
    static final class Speak {
        public static void main(String[] args) {
            TextFrontEnd front = new TextFrontEnd("en", Lexicon.EMPTY);
            front.sentences(new StringReader(args[0])).next();
        }
    }

    @Test
    void aPlainSentenceNeedsNeitherIcuNorTheNumberRules() throws Exception {
        assertThat(loaded("Hello from Skald."))
                .anyMatch(line -> line.contains("dev.skald.text.english.EnglishNormalizer"))
                .noneMatch(line -> line.contains("com.ibm.icu"))
                .noneMatch(line -> line.contains("dev.skald.text.english.DateRules"))
                .noneMatch(line -> line.contains("dev.skald.text.words.Emoji$Table"))
                .noneMatch(line -> line.contains("dev.skald.text.words.Units$Table"));
    }

    @Test
    void aNumberNeedsThem() throws Exception {
        assertThat(loaded("It is 5 km."))
                .anyMatch(line -> line.contains("com.ibm.icu.text.RuleBasedNumberFormat"))
                .anyMatch(line -> line.contains("dev.skald.text.words.Units$Table"));
    }

    private List<String> loaded(String text) throws IOException, InterruptedException {
        Path log = folder.resolve("classes.log");
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Process process =
                new ProcessBuilder(
                                java.toString(),
                                "-Xshare:auto",
                                "-Xlog:class+load:file=" + log.getFileName(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                Speak.class.getName(),
                                text)
                        .directory(folder.toFile())
                        .inheritIO()
                        .start();
        assertThat(process.waitFor()).isZero();
        return Files.readAllLines(log);
    }
}
