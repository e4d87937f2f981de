package dev.skald.audio.spectrum;

import java.util.function.DoubleBinaryOperator;

/**
 * The short-time Fourier transform as {@code torch.stft} and {@code librosa.stft} define it: frames
 * of {@code fftSize} samples every {@code hop}, times a window that is centred in the frame when it
 * is shorter; {@code 1 + (padded length - fftSize) / hop} frames of {@code fftSize / 2 + 1} bins,
 * not normalised.
 *
 * <p>The signal is first padded on both sides by reflection without the edge sample. {@code
 * center=True} of both libraries is a pad of {@code fftSize / 2}; {@code center=False} a pad of 0.
 *
 * <p>Immutable, safe for many threads. Computed in double precision.
 */
public final class Stft {
    private final int fftSize;
    private final int hop;
    private final int pad;
    private final double[] window;
    private final Fft fft;

    /**
     * @param fftSize samples in a frame, even
     * @param hop samples between frames
     * @param window at most {@code fftSize} values, see {@link Windows}
     * @param pad samples of reflection before and after the signal
     */
    public Stft(int fftSize, int hop, double[] window, int pad) {
        if (fftSize < 2 || fftSize % 2 != 0 || hop < 1 || pad < 0 || window.length > fftSize) {
            throw new IllegalArgumentException(
                    "no STFT of "
                            + fftSize
                            + " points, hop "
                            + hop
                            + ", window "
                            + window.length
                            + ", pad "
                            + pad);
        }
        this.fftSize = fftSize;
        this.hop = hop;
        this.pad = pad;
        this.window = new double[fftSize];
        System.arraycopy(window, 0, this.window, (fftSize - window.length) / 2, window.length);
        this.fft = new Fft(fftSize);
    }

    /** Bins of a frame: {@code fftSize / 2 + 1}. */
    public int bins() {
        return fftSize / 2 + 1;
    }

    /** Frames of a signal of that many samples; 0 if it is too short for one. */
    public int frames(int samples) {
        long padded = samples + 2L * pad;
        return padded < fftSize ? 0 : (int) (1 + (padded - fftSize) / hop);
    }

    /** |X|^2 for each frame and bin. The signal must be longer than the pad. */
    public Spectrogram power(float[] samples) {
        return each(samples, (re, im) -> re * re + im * im);
    }

    /** sqrt(|X|^2 + floor) for each frame and bin; a floor of 0 gives the magnitude. */
    public Spectrogram magnitude(float[] samples, double floor) {
        return each(samples, (re, im) -> Math.sqrt(re * re + im * im + floor));
    }

    private Spectrogram each(float[] samples, DoubleBinaryOperator value) {
        if (pad > 0 && samples.length <= pad) {
            throw new IllegalArgumentException(
                    samples.length + " samples are too few to reflect " + pad + " of them");
        }
        int frames = frames(samples.length);
        int bins = bins();
        double[] out = new double[Math.multiplyExact(frames, bins)];
        double[] re = new double[fftSize];
        double[] im = new double[fftSize];
        double[] specRe = new double[fftSize];
        double[] specIm = new double[fftSize];
        // Two real frames make one complex transform.
        for (int t = 0; t < frames; t += 2) {
            boolean pair = t + 1 < frames;
            frame(samples, t, re);
            if (pair) {
                frame(samples, t + 1, im);
            } else {
                java.util.Arrays.fill(im, 0);
            }
            fft.transform(re, im, specRe, specIm);
            for (int k = 0; k < bins; k++) {
                int mirror = k == 0 ? 0 : fftSize - k;
                double a = specRe[k];
                double b = specIm[k];
                double c = specRe[mirror];
                double d = specIm[mirror];
                out[t * bins + k] = value.applyAsDouble((a + c) / 2, (b - d) / 2);
                if (pair) {
                    out[(t + 1) * bins + k] = value.applyAsDouble((b + d) / 2, (c - a) / 2);
                }
            }
        }
        return new Spectrogram(out, frames, bins);
    }

    private void frame(float[] samples, int t, double[] into) {
        long first = (long) t * hop - pad;
        for (int i = 0; i < fftSize; i++) {
            long at = first + i;
            if (at < 0) {
                at = -at;
            } else if (at >= samples.length) {
                at = 2L * (samples.length - 1) - at;
            }
            into[i] = samples[(int) at] * window[i];
        }
    }
}
