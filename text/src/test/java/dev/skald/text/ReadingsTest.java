package dev.skald.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every case of {@code readings.tsv} and {@code homographs-en.tsv}. */
class ReadingsTest {
    @TestFactory
    Stream<DynamicTest> sentencesAreSaidAsTheTableSays() {
        return Cases.read("readings.tsv").stream()
                .map(
                        row ->
                                dynamicTest(
                                        row[0] + ": " + row[1],
                                        () ->
                                                assertThat(said(row[0], row[1]))
                                                        .containsExactlyElementsOf(
                                                                List.of(row)
                                                                        .subList(2, row.length))));
    }

    @TestFactory
    Stream<DynamicTest> wordsAreSpelledByTheWordsAroundThem() {
        return Cases.read("homographs-en.tsv").stream()
                .map(
                        row ->
                                dynamicTest(
                                        row[0],
                                        () ->
                                                assertThat(EspeakSpelling.of(row[0]))
                                                        .isEqualTo(
                                                                row[1].equals("-")
                                                                        ? row[0]
                                                                        : row[1])));
    }

    private static List<String> said(String language, String text) {
        String written = text.replace("\\n", "\n").replace("\\x1b", "\u001B");
        List<String> said = new ArrayList<>();
        new TextFrontEnd(language, Lexicon.EMPTY)
                .sentences(new StringReader(written))
                .forEachRemaining(s -> said.add(s.normalized()));
        return said;
    }
}
