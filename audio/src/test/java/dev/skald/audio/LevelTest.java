package dev.skald.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class LevelTest {
    @Test
    void loudnessIsPyloudnorms() {
        for (int rate : new int[] {16000, 24000, 44100, 48000}) {
            float[] x = Goldens.noise(2 * rate, rate);
            for (int i = 0; i < rate / 2; i++) {
                x[i] *= 1e-3f;
            }
            assertThat(Loudness.integrated(x, rate))
                    .as("at %d Hz", rate)
                    .isCloseTo(Goldens.get("loudness." + rate)[0], within(1e-5));
            assertThat(Loudness.integrated(Loudness.normalise(x, rate, -27), rate))
                    .isCloseTo(-27, within(1e-4));
        }
        float[] silence = new float[24000];
        assertThat(Loudness.integrated(silence, 24000)).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(Loudness.normalise(silence, 24000, -27)).containsOnly(0f);
        float[] blip = {0.5f};
        assertThat(Loudness.normalise(blip, 24000, -27)).containsExactly(0.5f);
    }

    @Test
    void trimmingIsLibrosas() {
        float[] x = Goldens.noise(24000, 7);
        for (int i = 0; i < 5000; i++) {
            x[i] *= 1e-4f;
        }
        for (int i = 17000; i < x.length; i++) {
            x[i] *= 1e-3f;
        }
        for (int db : new int[] {20, 60}) {
            float[] bounds = Goldens.get("trim." + db);
            assertThat(Silence.trim(x, db))
                    .containsExactly(Arrays.copyOfRange(x, (int) bounds[0], (int) bounds[1]));
        }
        assertThat(Silence.trim(new float[0], 20)).isEmpty();
    }
}
