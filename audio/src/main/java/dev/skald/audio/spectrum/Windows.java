package dev.skald.audio.spectrum;

/** Window functions. */
public final class Windows {
    private Windows() {}

    /** {@code 0.5 - 0.5 cos(2 pi i / n)}: torch's and librosa's default Hann window. */
    public static double[] periodicHann(int n) {
        return hann(n, n);
    }

    /** {@code 0.5 - 0.5 cos(2 pi i / (n - 1))}. */
    public static double[] symmetricHann(int n) {
        return hann(n, n - 1);
    }

    /** Kaldi's window: the symmetric Hann window to the power 0.85. */
    public static double[] povey(int n) {
        double[] w = symmetricHann(n);
        for (int i = 0; i < n; i++) {
            w[i] = Math.pow(w[i], 0.85);
        }
        return w;
    }

    private static double[] hann(int n, int period) {
        double[] w = new double[n];
        for (int i = 0; i < n; i++) {
            w[i] = 0.5 - 0.5 * Math.cos(2 * Math.PI * i / period);
        }
        return w;
    }
}
