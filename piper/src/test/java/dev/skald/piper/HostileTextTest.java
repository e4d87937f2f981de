package dev.skald.piper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.SpeechRequest;
import dev.skald.Timestamps;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Texts that ended or hung the process inside eSpeak NG, through all that reads a request. */
class HostileTextTest {

    static Stream<Arguments> killers() {
        return Stream.of(
                Arguments.of("en-us", "a.".repeat(90)),
                Arguments.of("en-us", "é.".repeat(60)),
                Arguments.of("en-us", "i.e.".repeat(50)),
                Arguments.of("en-us", "p.m.".repeat(50)),
                Arguments.of("en-us", "s'".repeat(190)),
                Arguments.of("vi", "\"'-h"),
                Arguments.of("ml", "\"(-Q\""),
                Arguments.of("de", "\"---लच्छेद\""),
                Arguments.of("da", "kontorchef".repeat(17).substring(0, 167)),
                Arguments.of("da", "a".repeat(167)));
    }

    @ParameterizedTest
    @MethodSource("killers")
    void isReadLikeAnyOther(String language, String text) throws IOException {
        List<SpokenSentence> spoken = read(language, text + " hello.");
        assertThat(spoken).isNotEmpty();
        assertThat(spoken.getLast().utterances()).isNotEmpty();
        // Whoever comes next gets what he would have got.
        assertThat(phonemes(read("en-us", "Hello."))).isEqualTo("həlˈoʊ.");
    }

    @Test
    void noneTakesLong() throws IOException {
        read("en-us", "Warm.");
        long start = System.nanoTime();
        read("en-us", "!?.,;".repeat(2_000) + "a.".repeat(500) + "x".repeat(2_000));
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
    }

    private static List<SpokenSentence> read(String language, String text) throws IOException {
        SpeechRequest request =
                SpeechRequest.builder(text)
                        .language(language)
                        .timestamps(Timestamps.WORD) // more to go wrong, and nothing may change
                        .build();
        PiperText sentences = PiperText.open(PiperIdsTest.config("plain"), request);
        List<SpokenSentence> spoken = new ArrayList<>();
        for (SpokenSentence sentence; (sentence = sentences.next()) != null; ) {
            spoken.add(sentence);
        }
        return spoken;
    }

    private static String phonemes(List<SpokenSentence> sentences) {
        StringBuilder all = new StringBuilder();
        for (SpokenSentence sentence : sentences) {
            sentence.utterances().forEach(u -> u.phonemes().forEach(all::append));
        }
        return all.toString();
    }
}
