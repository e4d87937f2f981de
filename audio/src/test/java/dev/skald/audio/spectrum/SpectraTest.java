package dev.skald.audio.spectrum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.skald.audio.Goldens;
import org.junit.jupiter.api.Test;

class SpectraTest {
    private static void close(float[] got, float[] want, double tolerance) {
        assertThat(got).hasSameSizeAs(want);
        for (int i = 0; i < want.length; i++) {
            assertThat((double) got[i]).as("value %d", i).isCloseTo(want[i], within(tolerance));
        }
    }

    private static float[] single(Spectrogram s) {
        float[] out = new float[s.values().length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) s.values()[i];
        }
        return out;
    }

    @Test
    void theTransformOfEverySizeIsTheDefinition() {
        for (int n : new int[] {1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 30, 49, 60, 97, 128, 400, 1920}) {
            double[] re = new double[n];
            double[] im = new double[n];
            float[] noise = Goldens.noise(2 * n, n);
            for (int i = 0; i < n; i++) {
                re[i] = noise[i];
                im[i] = noise[n + i];
            }
            double[] gotRe = new double[n];
            double[] gotIm = new double[n];
            new Fft(n).transform(re, im, gotRe, gotIm);
            for (int k = 0; k < n; k++) {
                double wantRe = 0;
                double wantIm = 0;
                for (int i = 0; i < n; i++) {
                    double a = -2 * Math.PI * ((long) k * i % n) / n;
                    wantRe += re[i] * Math.cos(a) - im[i] * Math.sin(a);
                    wantIm += re[i] * Math.sin(a) + im[i] * Math.cos(a);
                }
                assertThat(gotRe[k]).as("size %d", n).isCloseTo(wantRe, within(1e-11));
                assertThat(gotIm[k]).as("size %d", n).isCloseTo(wantIm, within(1e-11));
            }
        }
    }

    @Test
    void magnitudesAreLibrosas() {
        Stft stft = new Stft(400, 160, Windows.periodicHann(400), 200);
        Spectrogram s = stft.magnitude(Goldens.noise(1601, 1), 0);
        assertThat(s.frames()).isEqualTo(11);
        close(single(s), Goldens.get("stft.400.160"), 3e-6);
    }

    @Test
    void filterbanksAreLibrosasAndTorchaudios() {
        MelFilterbank slaney = MelFilterbank.slaney(16000, 400, 40, 0, 8000);
        banks(slaney, Goldens.get("mel.16000.400.40"), 1e-9);
        banks(
                MelFilterbank.slaney(24000, 240, 80, 50, 12000),
                Goldens.get("mel.24000.240.80"),
                1e-9);
        // torchaudio's table lacks the Nyquist bin
        float[] kaldi = Goldens.get("fbank.banks");
        float[] padded = new float[24 * 257];
        for (int m = 0; m < 24; m++) {
            System.arraycopy(kaldi, m * 256, padded, m * 257, 256);
        }
        banks(MelFilterbank.kaldi(16000, 512, 24, 20, 8000), padded, 2e-5);
    }

    private static void banks(MelFilterbank bank, float[] want, double tolerance) {
        assertThat(want).hasSize(bank.bands() * bank.bins());
        for (int m = 0; m < bank.bands(); m++) {
            for (int k = 0; k < bank.bins(); k++) {
                assertThat((double) bank.weight(m, k))
                        .as("band %d bin %d", m, k)
                        .isCloseTo(want[m * bank.bins() + k], within(tolerance));
            }
        }
    }

    @Test
    void theMelSpectrogramOfTheFlowIsTorchs() {
        Stft stft = new Stft(1920, 480, Windows.periodicHann(1920), 720);
        Spectrogram mel =
                MelFilterbank.slaney(24000, 1920, 80, 0, 8000)
                        .apply(stft.magnitude(Goldens.noise(4800, 2), 1e-9));
        close(mel.transposed(), Goldens.get("mel24"), 2e-6);
    }

    @Test
    void fbankIsTorchaudios() {
        close(
                single(new KaldiFbank(16000, 80).apply(Goldens.noise(4000, 3))),
                Goldens.get("fbank"),
                2e-4);
    }

    @Test
    void tooShortForAFrame() {
        assertThat(new KaldiFbank(16000, 80).apply(new float[399]).frames()).isZero();
        Stft stft = new Stft(400, 160, Windows.periodicHann(400), 200);
        assertThatThrownBy(() -> stft.power(new float[200]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("too few");
        assertThat(new Stft(400, 160, Windows.periodicHann(400), 0).power(new float[10]).frames())
                .isZero();
    }
}
