package dev.skald.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimeStretchTest {
    private static final int RATE = 24_000;

    /** A voice's harmonics of 140 Hz that rise and fall four times a second. */
    private static float[] voice(double seconds) {
        float[] x = new float[(int) (seconds * RATE)];
        for (int i = 0; i < x.length; i++) {
            double t = (double) i / RATE;
            for (int h = 1; h < 8; h++) {
                x[i] += (float) (0.2 / h * Math.sin(2 * Math.PI * 140 * h * t));
            }
            x[i] *= (float) (0.6 + 0.4 * Math.sin(2 * Math.PI * 4 * t));
        }
        return x;
    }

    private static float[] stretch(float[] x, double speed, int atOnce) {
        TimeStretch stretch = new TimeStretch(RATE, speed);
        float[] out = new float[0];
        for (int i = 0; i < x.length; i += atOnce) {
            out = join(out, stretch.push(Arrays.copyOfRange(x, i, Math.min(x.length, i + atOnce))));
        }
        return join(out, stretch.finish());
    }

    private static float[] join(float[] a, float[] b) {
        float[] all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }

    private static double rms(float[] x, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += x[i] * x[i];
        }
        return Math.sqrt(sum / (to - from));
    }

    /** The period with the largest autocorrelation, in samples; of voices around 140 Hz. */
    private static int period(float[] x) {
        int best = 0;
        double most = 0;
        for (int lag = RATE / 200; lag < RATE / 100; lag++) {
            double sum = 0;
            for (int i = RATE / 2; i < RATE; i++) {
                sum += x[i] * x[i + lag];
            }
            if (sum > most) {
                most = sum;
                best = lag;
            }
        }
        return best;
    }

    @Test
    void atSpeedOneNothingChanges() {
        float[] x = voice(2);
        assertThat(stretch(x, 1, x.length)).usingComparatorWithPrecision(1e-6f).containsExactly(x);
        Random random = new Random(5);
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        assertThat(stretch(x, 1, 1000)).usingComparatorWithPrecision(1e-5f).containsExactly(x);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.5, 0.8, 1.1, 1.25, 1.5, 2})
    void paceChangesAndPitchDoesNot(double speed) {
        float[] x = voice(4);
        float[] y = stretch(x, speed, 5_000);
        assertThat(y).hasSize((int) Math.round(x.length / speed));
        assertThat(period(y)).isCloseTo(period(x), within(1));
        // The envelope is as far along, and windows add up without holes.
        for (int i = 2_400; i < y.length - 4_800; i += 1_200) {
            int at = (int) (i * speed);
            assertThat(rms(y, i, i + 1_200))
                    .isCloseTo(rms(x, at, at + (int) (1_200 * speed)), within(0.06));
        }
        double steepest = 0;
        double before = 0;
        for (int i = 1; i < y.length; i++) {
            steepest = Math.max(steepest, Math.abs(y[i] - y[i - 1]));
        }
        for (int i = 1; i < x.length; i++) {
            before = Math.max(before, Math.abs(x[i] - x[i - 1]));
        }
        assertThat(steepest).isLessThan(1.2 * before);
    }

    @Test
    void comesOutTheSameHoweverItArrives() {
        float[] x = voice(1);
        float[] whole = stretch(x, 1.3, x.length);
        assertThat(stretch(x, 1.3, 777)).isEqualTo(whole);
        assertThat(stretch(x, 1.3, 24)).isEqualTo(whole);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100, 719, 721, 1500})
    void shortSignalsKeepTheirShareOfTime(int n) {
        float[] x = Arrays.copyOf(voice(1), n);
        assertThat(stretch(x, 0.75, Math.max(1, n))).hasSize((int) Math.round(n / 0.75));
        assertThat(stretch(x, 1.6, Math.max(1, n))).hasSize((int) Math.round(n / 1.6));
    }

    @Test
    void aSpeedThatIsNoneIsRefused() {
        for (double speed : new double[] {0, -1, Double.NaN, 1000}) {
            assertThatThrownBy(() -> new TimeStretch(RATE, speed))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
