package dev.skald.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every case of {@code normalisation-en.tsv}, and that each result is left unchanged. */
class NormalizationTableTest {
    private static final List<String[]> CASES = Cases.read("normalisation-en.tsv");

    private final TextFrontEnd normalizer = new TextFrontEnd("en-US", Lexicon.EMPTY);

    @TestFactory
    Stream<DynamicTest> saysWhatTheTableSays() {
        return CASES.stream()
                .map(
                        row ->
                                dynamicTest(
                                        row[0],
                                        () ->
                                                assertThat(normalizer.normalize(row[0]))
                                                        .isEqualTo(row[1])));
    }

    @TestFactory
    Stream<DynamicTest> leavesItsOwnOutputUnchanged() {
        return CASES.stream()
                .map(
                        row ->
                                dynamicTest(
                                        row[1],
                                        () ->
                                                assertThat(normalizer.normalize(row[1]))
                                                        .isEqualTo(row[1])));
    }

    @TestFactory
    Stream<DynamicTest> saysTheSameInTheMiddleOfASentence() {
        // A comma on either side must not change a reading that has no punctuation of its own.
        return CASES.stream()
                .filter(row -> row[0].matches("[\\p{L}\\p{N}$€£¥].*[\\p{L}\\p{N}%]"))
                .map(
                        row ->
                                dynamicTest(
                                        row[0],
                                        () ->
                                                assertThat(
                                                                normalizer.normalize(
                                                                        "well, " + row[0] + ", so"))
                                                        .isEqualTo("well, " + row[1] + ", so")));
    }

    @Test
    void theTableIsLong() {
        assertThat(CASES).hasSizeGreaterThan(300).allSatisfy(row -> assertThat(row).hasSize(2));
    }
}
