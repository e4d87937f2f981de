package dev.skald.piper.vits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.skald.InvalidRequestException;
import dev.skald.SpeechCancelledException;
import dev.skald.VoiceException;
import dev.skald.piper.PiperNetwork.Settings;
import dev.skald.tensor.Taps;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Windows, seeds, threads, and input that no engine should be given. */
class VitsUtteranceTest {
    private static final Settings QUIET = new Settings(0, 1, 0, 0, 1, true);
    private static final Settings NOISY = new Settings(.667f, 1, .8f, 0, 7, true);
    private static final int WHOLE = 1 << 20;
    private static final VitsNetwork MEDIUM = Voices.network("medium");

    @AfterAll
    static void close() {
        MEDIUM.close();
    }

    private static float[] speak(
            VitsNetwork network, int[] ids, Settings settings, int... windows) {
        return Voices.collect(network.begin(ids, settings, Taps.NONE, windows));
    }

    /** Up to rounding, which changes when a loop is compiled. */
    private static void same(float[] actual, float[] expected) {
        assertThat(Voices.decibels(expected, actual)).isGreaterThan(110);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x_low", "medium", "high", "high-speakers"})
    void windowsCannotBeToldFromTheWhole(String name) {
        try (VitsNetwork network = Voices.network(name)) {
            int[] ids = Voices.ids(80, 3);
            float[] whole = speak(network, ids, QUIET, WHOLE);
            assertThat(Voices.decibels(whole, speak(network, ids, QUIET, 16, 48, 96)))
                    .isGreaterThan(100);
            assertThat(Voices.decibels(whole, speak(network, ids, QUIET, 1, 3, 5)))
                    .isGreaterThan(100);
        }
    }

    @Test
    void noiseIsTheSameInWindowsAndWhole() {
        int[] ids = Voices.ids(80, 3);
        assertThat(
                        Voices.decibels(
                                speak(MEDIUM, ids, NOISY, WHOLE), speak(MEDIUM, ids, NOISY, 7, 20)))
                .isGreaterThan(100);
    }

    /** A sentence in several pieces too: their ids go on counting. */
    @ParameterizedTest
    @ValueSource(ints = {40, VitsUtterance.PIECE + 50})
    void endsOfIdsAreThoseOfTheAudio(int count) {
        int[] ids = Voices.ids(count, 3);
        try (VitsUtterance utterance = MEDIUM.begin(ids, NOISY, Taps.NONE, 16, 512)) {
            int samples = utterance.next(2).length;
            assertThat(utterance.ends()).hasSize(Math.min(ids.length, VitsUtterance.PIECE));
            while (utterance.hasNext()) {
                samples += utterance.next(2).length;
            }
            int[] ends = utterance.ends();
            assertThat(ends).hasSize(ids.length).isSorted();
            assertThat(ends[ids.length - 1]).isEqualTo(samples);
        }
    }

    @Test
    void theSeedDecides() {
        int[] ids = Voices.ids(40, 3);
        float[] once = speak(MEDIUM, ids, NOISY, 16, 48);
        same(speak(MEDIUM, ids, NOISY, 16, 48), once);
        Settings other = new Settings(.667f, 1, .8f, 0, 8, true);
        assertThat(speak(MEDIUM, ids, other, 16, 48)).isNotEqualTo(once);
    }

    @Test
    void threadsChangeNothing() {
        int[] ids = Voices.ids(40, 3);
        float[] two = speak(MEDIUM, ids, NOISY, 16, 48);
        try (VitsNetwork one = Voices.network("medium", 1);
                VitsNetwork three = Voices.network("medium", 3)) {
            same(speak(one, ids, NOISY, 16, 48), two);
            same(speak(three, ids, NOISY, 16, 48), two);
        }
        int[] by = {1, 2, 1, 1, 2};
        same(Voices.collect(MEDIUM.begin(ids, NOISY, Taps.NONE, 16, 48), by), two);
    }

    @Test
    void utterancesSideBySideDoNotDisturbEachOther() throws Exception {
        int[] ids = Voices.ids(60, 3);
        float[] alone = speak(MEDIUM, ids, NOISY, 16, 48);
        Thread[] threads = new Thread[4];
        float[][] results = new float[threads.length][];
        for (int i = 0; i < threads.length; i++) {
            int number = i;
            threads[i] = new Thread(() -> results[number] = speak(MEDIUM, ids, NOISY, 16, 48));
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        for (float[] result : results) {
            same(result, alone);
        }
    }

    @Test
    void nothingToSayHasNoWindows() {
        try (VitsUtterance utterance = MEDIUM.begin(new int[0], QUIET, Taps.NONE, 16)) {
            assertThat(utterance.hasNext()).isFalse();
        }
    }

    @Test
    void oneIdIsSpoken() {
        assertThat(speak(MEDIUM, new int[] {5}, QUIET, 16)).isNotEmpty();
    }

    @Test
    void idsOutOfRangeAreRefusedAndTheVoiceStaysUsable() {
        for (int id : new int[] {-1, Voices.SYMBOLS, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> MEDIUM.begin(new int[] {1, id}, QUIET))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("phoneme id " + id);
        }
        assertThatThrownBy(() -> MEDIUM.begin(new int[] {1}, new Settings(0, 1, 0, 1, 1, true)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("speaker 1");
        assertThat(speak(MEDIUM, Voices.ids(10, 1), QUIET, 16)).isNotEmpty();
    }

    @Test
    void impossibleLengthsAreRefusedAndTheVoiceStaysUsable() {
        for (float scale : new float[] {1e9f, Float.POSITIVE_INFINITY, Float.NaN}) {
            Settings endless = new Settings(0, scale, 0, 0, 1, true);
            assertThatThrownBy(() -> speak(MEDIUM, Voices.ids(10, 1), endless, 16))
                    .isInstanceOf(VoiceException.class)
                    .hasMessageContaining("impossible length");
        }
        assertThat(speak(MEDIUM, Voices.ids(10, 1), QUIET, 16)).isNotEmpty();
    }

    @Test
    void hundredThousandPhonemesAreSpokenInPieces() {
        int[] ids = Voices.ids(100_000, 1);
        try (VitsUtterance utterance = MEDIUM.begin(ids, QUIET, Taps.NONE, 16, 48)) {
            int windows = 0;
            while (utterance.hasNext() && windows < 200) {
                assertThat(utterance.next(2)).isNotEmpty();
                windows++;
            }
            assertThat(utterance.hasNext()).isTrue();
        }
    }

    @Test
    void piecesFollowEachOther() {
        int[] ids = Voices.ids(VitsUtterance.PIECE + 10, 1);
        int[] first = Arrays.copyOf(ids, VitsUtterance.PIECE);
        int[] second = Arrays.copyOfRange(ids, VitsUtterance.PIECE, ids.length);
        float[] both = speak(MEDIUM, ids, QUIET, WHOLE);
        float[] one = speak(MEDIUM, first, QUIET, WHOLE);
        float[] two = speak(MEDIUM, second, QUIET, WHOLE);
        assertThat(both).hasSize(one.length + two.length);
        same(Arrays.copyOfRange(both, one.length, both.length), two);
    }

    @Test
    void cancellationEndsTheUtterance() {
        try (VitsUtterance utterance = MEDIUM.begin(Voices.ids(80, 3), QUIET, Taps.NONE, 16)) {
            utterance.next(2);
            utterance.cancel();
            assertThatThrownBy(() -> utterance.next(2))
                    .isInstanceOf(SpeechCancelledException.class);
        }
        assertThat(speak(MEDIUM, Voices.ids(10, 1), QUIET, 16)).isNotEmpty();
    }

    @Test
    void closingTheVoiceEndsItsUtterances() {
        VitsNetwork network = Voices.network("x_low");
        VitsUtterance utterance = network.begin(Voices.ids(80, 3), QUIET, Taps.NONE, 16);
        utterance.next(2);
        network.close();
        assertThatThrownBy(() -> utterance.next(2)).isInstanceOf(SpeechCancelledException.class);
        utterance.close();
        utterance.close();
    }

    @Test
    void loudnessIsOneGainThatLeavesNothingPastOne() {
        float[] window = {0.001f, -0.001f, 0.5f, -4, 4, Float.NaN};
        float gain = VoiceGain.measured(Voices.config("medium")).gain(MEDIUM);
        MEDIUM.outputGain(1).apply(window);
        assertThat(window[0]).isCloseTo(0.001f * gain, within(1e-6f));
        assertThat(window[1]).isEqualTo(-window[0]);
        assertThat(window[3]).isBetween(-1f, -0.9f);
        assertThat(window[4]).isEqualTo(-window[3]);
        assertThat(window[5]).isNaN();
    }
}
