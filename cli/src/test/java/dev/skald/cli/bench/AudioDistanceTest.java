package dev.skald.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.util.Random;
import org.junit.jupiter.api.Test;

class AudioDistanceTest {
    private static float[] noise(float gain, int n) {
        Random random = new Random(3);
        float[] samples = new float[n];
        for (int i = 0; i < n; i++) {
            samples[i] = gain * (float) random.nextGaussian();
        }
        return samples;
    }

    @Test
    void nothingDiffersFromItself() {
        AudioDistance d = AudioDistance.of(noise(1, 24_000), noise(1, 24_000), 24_000);
        assertThat(d.same()).isTrue();
        assertThat(d.logMel()).isZero();
        assertThat(d.shown()).isEqualTo("0");
    }

    /** Half as loud: 6.02 dB in each band, and an error of half the signal. */
    @Test
    void halfAsLoudIsSixDecibels() {
        AudioDistance d = AudioDistance.of(noise(1, 24_000), noise(0.5f, 20_000), 24_000);
        assertThat(d.same()).isFalse();
        assertThat(d.snr()).isCloseTo(6.02, offset(0.01));
        assertThat(d.logMel()).isCloseTo(6.02, offset(0.01));
    }
}
