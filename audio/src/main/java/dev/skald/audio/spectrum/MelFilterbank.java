package dev.skald.audio.spectrum;

/**
 * Triangular bands, equally wide on a mel scale, that weight the bins of a spectrum.
 *
 * <p>Immutable, safe for many threads.
 */
public final class MelFilterbank {
    private final int bands;
    private final int bins;
    private final float[] weights; // [bands][bins]
    private final int[] first; // of each band, the first bin with a weight
    private final int[] end;

    private MelFilterbank(int bands, int bins, float[] weights) {
        this.bands = bands;
        this.bins = bins;
        this.weights = weights;
        first = new int[bands];
        end = new int[bands];
        for (int m = 0; m < bands; m++) {
            int lo = 0;
            int hi = bins;
            while (lo < bins && weights[m * bins + lo] == 0) {
                lo++;
            }
            while (hi > lo && weights[m * bins + hi - 1] == 0) {
                hi--;
            }
            first[m] = lo;
            end[m] = hi;
        }
    }

    /**
     * {@code librosa.filters.mel(sr, n_fft, n_mels, fmin, fmax)} with its defaults: Slaney's scale
     * (linear below 1 kHz, logarithmic above), triangles in hertz, each of area 1 ("slaney" norm),
     * rounded to single precision. {@code fftSize / 2 + 1} bins.
     */
    public static MelFilterbank slaney(
            int sampleRate, int fftSize, int bands, double lowHertz, double highHertz) {
        int bins = fftSize / 2 + 1;
        double[] edges = new double[bands + 2];
        double low = hertzToSlaney(lowHertz);
        double high = hertzToSlaney(highHertz);
        for (int i = 0; i < edges.length; i++) {
            edges[i] = slaneyToHertz(low + (high - low) * i / (bands + 1));
        }
        float[] weights = new float[bands * bins];
        for (int m = 0; m < bands; m++) {
            double norm = 2.0 / (edges[m + 2] - edges[m]);
            for (int k = 0; k < bins; k++) {
                double hertz = (double) k * sampleRate / fftSize;
                double rise = (hertz - edges[m]) / (edges[m + 1] - edges[m]);
                double fall = (edges[m + 2] - hertz) / (edges[m + 2] - edges[m + 1]);
                // librosa holds the triangles in single precision before it scales them.
                float triangle = (float) Math.max(0, Math.min(rise, fall));
                weights[m * bins + k] = (float) (triangle * norm);
            }
        }
        return new MelFilterbank(bands, bins, weights);
    }

    /**
     * Kaldi's bands ({@code torchaudio.compliance.kaldi.get_mel_banks} without warping): mel = 1127
     * ln(1 + f / 700), triangles linear in mel, of height 1. {@code fftSize / 2 + 1} bins, the last
     * one (Nyquist) without weight.
     */
    public static MelFilterbank kaldi(
            int sampleRate, int fftSize, int bands, double lowHertz, double highHertz) {
        int bins = fftSize / 2 + 1;
        double low = hertzToKaldi(lowHertz);
        double step = (hertzToKaldi(highHertz) - low) / (bands + 1);
        float[] weights = new float[bands * bins];
        for (int m = 0; m < bands; m++) {
            double left = low + m * step;
            for (int k = 0; k < bins - 1; k++) {
                double mel = hertzToKaldi((double) k * sampleRate / fftSize);
                double rise = (mel - left) / step;
                double fall = (left + 2 * step - mel) / step;
                weights[m * bins + k] = (float) Math.max(0, Math.min(rise, fall));
            }
        }
        return new MelFilterbank(bands, bins, weights);
    }

    public int bands() {
        return bands;
    }

    public int bins() {
        return bins;
    }

    /** The weight of a bin in a band. */
    public float weight(int band, int bin) {
        return weights[band * bins + bin];
    }

    /** The bands of each frame: {@code [frames][bins] -> [frames][bands]}. */
    public Spectrogram apply(Spectrogram spectrum) {
        if (spectrum.bins() != bins) {
            throw new IllegalArgumentException(
                    "a filterbank of " + bins + " bins, a spectrum of " + spectrum.bins());
        }
        double[] in = spectrum.values();
        double[] out = new double[spectrum.frames() * bands];
        for (int t = 0; t < spectrum.frames(); t++) {
            for (int m = 0; m < bands; m++) {
                double sum = 0;
                for (int k = first[m]; k < end[m]; k++) {
                    sum += weights[m * bins + k] * in[t * bins + k];
                }
                out[t * bands + m] = sum;
            }
        }
        return new Spectrogram(out, spectrum.frames(), bands);
    }

    // Slaney's Auditory Toolbox: 3 mel = 200 Hz up to 1 kHz, then 27 mel for a factor of 6.4.
    private static final double LINEAR = 200.0 / 3;
    private static final double KNEE_HERTZ = 1000;
    private static final double KNEE_MEL = KNEE_HERTZ / LINEAR;
    private static final double LOG_STEP = Math.log(6.4) / 27;

    private static double hertzToSlaney(double hertz) {
        return hertz >= KNEE_HERTZ
                ? KNEE_MEL + Math.log(hertz / KNEE_HERTZ) / LOG_STEP
                : hertz / LINEAR;
    }

    private static double slaneyToHertz(double mel) {
        return mel >= KNEE_MEL ? KNEE_HERTZ * Math.exp(LOG_STEP * (mel - KNEE_MEL)) : mel * LINEAR;
    }

    private static double hertzToKaldi(double hertz) {
        return 1127.0 * Math.log(1 + hertz / 700.0);
    }
}
