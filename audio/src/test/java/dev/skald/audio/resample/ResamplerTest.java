package dev.skald.audio.resample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.audio.Goldens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResamplerTest {
    /** White noise of +-0.3: single precision's rounding in the library reaches 2e-7. */
    private static final double SOXR_TOLERANCE = 3e-7;

    /** Where our halving filter starts differently from libsoxr's: this many outputs, 4 ms. */
    private static final int HALVING_ONSET = 100;

    private record Rates(String name, int from, int to) {}

    private static List<Rates> goldens(String kind) {
        List<Rates> found = new ArrayList<>();
        for (String name : Goldens.names()) {
            String[] part = name.split("\\.");
            if (part[0].equals(kind)) {
                found.add(new Rates(name, Integer.parseInt(part[1]), Integer.parseInt(part[2])));
            }
        }
        return found;
    }

    private static double difference(float[] got, float[] want) {
        assertThat(got).hasSameSizeAs(want);
        double most = 0;
        for (int i = 0; i < want.length; i++) {
            most = Math.max(most, Math.abs((double) got[i] - want[i]));
        }
        return most;
    }

    @Test
    void soxrHqAnswersAsLibrosaDoes() {
        List<Rates> all = goldens("soxr");
        assertThat(all).hasSizeGreaterThan(15);
        StringBuilder table = new StringBuilder();
        boolean good = true;
        for (Rates r : all) {
            float[] in = Goldens.noise(r.from >= r.to ? 2500 : 1000, r.from + r.to);
            float[] got = Resampler.soxrHq(r.from, r.to).resample(in);
            float[] want = Goldens.get(r.name);
            if (r.from >= 4 * r.to) {
                assertThat(difference(got, want)).isLessThan(1e-3);
                got = Arrays.copyOfRange(got, HALVING_ONSET, got.length);
                want = Arrays.copyOfRange(want, HALVING_ONSET, want.length);
            }
            double d = difference(got, want);
            good &= d <= SOXR_TOLERANCE;
            table.append("%s %.2e%n".formatted(r.name, d));
        }
        assertThat(good).as(table.toString()).isTrue();
    }

    @Test
    void sincHannAnswersAsTorchaudioDoes() {
        List<Rates> all = goldens("sinc");
        assertThat(all).hasSize(4);
        for (Rates r : all) {
            float[] got =
                    Resampler.sincHann(r.from, r.to).resample(Goldens.noise(1500, r.from + r.to));
            assertThat(difference(got, Goldens.get(r.name))).as(r.name).isLessThan(3e-7);
        }
    }

    @Test
    void aToneKeepsItsLevelAndPlace() {
        float[] in = new float[44100];
        for (int i = 0; i < in.length; i++) {
            in[i] = (float) (0.5 * Math.sin(2 * Math.PI * 1000 * i / 44100));
        }
        for (Resampler resampler :
                List.of(Resampler.soxrHq(44100, 24000), Resampler.sincHann(44100, 24000))) {
            float[] out = resampler.resample(in);
            for (int i = 2000; i < 22000; i++) {
                assertThat(out[i])
                        .isCloseTo(
                                (float) (0.5 * Math.sin(2 * Math.PI * 1000 * i / 24000)),
                                org.assertj.core.data.Offset.offset(2e-3f));
            }
        }
    }

    @Test
    void shortAndEmptySignalsAndEqualRatesAreFine() {
        for (Resampler r :
                List.of(
                        Resampler.soxrHq(44100, 24000),
                        Resampler.sincHann(44100, 24000),
                        Resampler.soxrHq(8000, 24000),
                        Resampler.soxrHq(192_000, 16000))) {
            assertThat(r.resample(new float[0])).isEmpty();
            assertThat(r.resample(new float[] {0.5f})).isNotEmpty();
        }
        float[] same = {0.1f, 0.2f};
        assertThat(Resampler.soxrHq(24000, 24000).resample(same)).containsExactly(same);
        assertThat(Resampler.sincHann(24000, 24000).resample(same)).containsExactly(same);
        assertThatThrownBy(() -> Resampler.soxrHq(0, 24000))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
