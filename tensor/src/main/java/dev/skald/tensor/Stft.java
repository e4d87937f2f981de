package dev.skald.tensor;

import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Parameters.Linear;

/**
 * A short-time Fourier transform and its inverse with a periodic Hann window, as {@code torch.stft}
 * and {@code torch.istft} with {@code center=True} compute them: edges mirrored, windows squared
 * and summed divided out.
 *
 * @param fft samples of a window
 * @param hop samples from one window to the next, a whole number of times in {@code fft / 2}
 * @param forward a window → real parts, then imaginary ones
 * @param inverse back, windowed, over the sum of squared windows in the middle of a signal
 * @param headGain (1,1,fft/2 - hop): corrects the first samples, which fewer windows reach
 * @param tailGain the same for the last samples
 */
public record Stft(
        int fft, int hop, Linear forward, Linear inverse, Tensor headGain, Tensor tailGain) {

    private static final Activation SIN = new Activation(Activation.Kind.SIN, 0, null);
    private static final Activation COS = new Activation(Activation.Kind.COS, 0, null);

    /** Makes the bases. Throws {@link IllegalArgumentException} on a hop that does not fit. */
    public static Stft load(Parameters parameters, int fft, int hop) {
        if (fft % 2 != 0 || fft / 2 % hop != 0 || hop == fft / 2) {
            throw new IllegalArgumentException("no transform of " + fft + " every " + hop);
        }
        int edge = fft / 2 - hop;
        double energy = 0; // of the windows that reach a sample
        for (int i = 0; i < fft; i += hop) {
            energy += squared(i, fft);
        }
        float[] head = new float[edge];
        float[] tail = new float[edge];
        for (int i = 0; i < edge; i++) {
            double before = 0; // of the windows that would lie before the first, after the last
            double after = 0;
            for (int from = hop; from < fft; from += hop) {
                before += squared(fft / 2 + i + from, fft);
                after += squared(i + hop - from, fft);
            }
            head[i] = (float) (energy / (energy - before));
            tail[i] = (float) (energy / (energy - after));
        }
        int bins = fft / 2 + 1;
        return new Stft(
                fft,
                hop,
                parameters.linear(forwardBasis(fft, bins), null, Role.EXACT),
                parameters.linear(inverseBasis(fft, bins, energy), null, Role.EXACT),
                parameters.constant(head, 1, edge),
                parameters.constant(tail, 1, edge));
    }

    /** Frequencies: {@code fft / 2 + 1}. */
    public int bins() {
        return fft / 2 + 1;
    }

    /** The window's square, zero outside it. */
    private static double squared(int i, int fft) {
        return i < 0 || i >= fft ? 0 : window(i, fft) * window(i, fft);
    }

    private static double window(int i, int fft) {
        return 0.5 - 0.5 * Math.cos(2 * Math.PI * i / fft);
    }

    private static Weight forwardBasis(int fft, int bins) {
        float[] basis = new float[2 * bins * fft];
        for (int k = 0; k < bins; k++) {
            for (int n = 0; n < fft; n++) {
                double angle = 2 * Math.PI * k * n / fft;
                basis[k * fft + n] = (float) (window(n, fft) * Math.cos(angle));
                basis[(bins + k) * fft + n] = (float) (-window(n, fft) * Math.sin(angle));
            }
        }
        return Weight.of("stft", basis, 2 * bins, fft);
    }

    private static Weight inverseBasis(int fft, int bins, double energy) {
        float[] basis = new float[fft * 2 * bins];
        for (int n = 0; n < fft; n++) {
            for (int k = 0; k < bins; k++) {
                boolean edge = k == 0 || k == bins - 1;
                double scale = window(n, fft) / energy / fft * (edge ? 1 : 2);
                double angle = 2 * Math.PI * k * n / fft;
                basis[n * 2 * bins + k] = (float) (scale * Math.cos(angle));
                basis[n * 2 * bins + bins + k] = (float) (edge ? 0 : -scale * Math.sin(angle));
            }
        }
        return Weight.of("istft", basis, fft, 2 * bins);
    }

    /** The plain form of {@link Ops#stft}. */
    static void forward(Ops ops, Tensor wave, Stft how, Tensor out) {
        if (wave.batch() > 1) {
            for (int b = 0; b < wave.batch(); b++) {
                forward(ops, wave.batch(b), how, out.batch(b));
            }
            return;
        }
        Ints lengths = out.lengths();
        if (lengths != null) {
            int rows = ops.read(lengths)[0];
            forward(ops, wave.cols(0, (rows - 1) * how.hop), how, out.unpadded(rows));
            return;
        }
        int n = wave.cols();
        int half = how.fft / 2;
        try (var scope = ops.scope()) {
            Tensor padded = ops.tensor(1, 1, n + how.fft);
            ops.copy(wave, padded.cols(half, half + n));
            for (int i = 1; i <= half; i++) {
                ops.copy(wave.cols(i, i + 1), padded.cols(half - i, half - i + 1));
                int right = half + n - 1 + i;
                ops.copy(wave.cols(n - 1 - i, n - i), padded.cols(right, right + 1));
            }
            Tensor windows = padded.windows(how.fft, how.hop, n / how.hop + 1);
            ops.linear(windows, how.forward, Epilogue.NONE, out);
        }
    }

    /** The plain form of {@link Ops#inverseStft}. */
    static void inverse(
            Ops ops, Tensor logPolar, Stft how, float maxMagnitude, float limit, Tensor wave) {
        if (wave.batch() > 1) {
            for (int b = 0; b < wave.batch(); b++) {
                inverse(ops, logPolar.batch(b), how, maxMagnitude, limit, wave.batch(b));
            }
            return;
        }
        Ints lengths = logPolar.lengths();
        if (lengths != null) {
            int rows = ops.read(lengths)[0];
            int valid = (rows - 1) * how.hop;
            inverse(ops, logPolar.unpadded(rows), how, maxMagnitude, limit, wave.cols(0, valid));
            return;
        }
        int bins = how.bins();
        int samples = wave.cols();
        int half = how.fft / 2;
        int edge = half - how.hop;
        try (var scope = ops.scope()) {
            Tensor magnitude = logPolar.cols(0, bins);
            Tensor phase = logPolar.cols(bins, 2 * bins);
            ops.activate(magnitude, Activation.EXP, magnitude);
            ops.clamp(magnitude, 0, maxMagnitude, magnitude);
            ops.activate(phase, SIN, phase);
            Tensor parts = ops.tensor(1, logPolar.rows(), 2 * bins);
            Tensor real = parts.cols(0, bins);
            Tensor imaginary = parts.cols(bins, 2 * bins);
            ops.activate(phase, COS, real);
            ops.mul(real, magnitude, real);
            ops.activate(phase, SIN, imaginary);
            ops.mul(imaginary, magnitude, imaginary);
            Tensor overlapped = ops.tensor(1, 1, samples + how.fft);
            ops.overlapAdd(ops.linear(parts, how.inverse), how.hop, overlapped);
            Tensor middle = overlapped.cols(half, half + samples);
            Tensor head = middle.cols(0, edge);
            ops.mul(head, how.headGain, head);
            Tensor tail = middle.cols(samples - edge, samples);
            ops.mul(tail, how.tailGain, tail);
            ops.clamp(middle, -limit, limit, wave);
        }
    }
}
