package dev.skald.audio.resample;

import java.util.Arrays;

/**
 * The definition of {@code torchaudio.functional.resample}, {@code sinc_interp_hann}: with {@code
 * o, n} the rates over their greatest common divisor, {@code base = 0.99 min(o, n)} and {@code
 * width = ceil(6 o / base)}, output {@code q n + p} is the sum over i of {@code kernel[p][i] x[q o
 * + i - width]}, where {@code kernel[p][i] = base / o sinc(t) cos^2(pi t / 12)}, {@code t =
 * clamp(base ((i - width) / o - p / n), -6, 6)}, rounded to single precision. Outside it the signal
 * is 0.
 */
final class SincHannResampler implements Resampler {
    private static final double ROLLOFF = 0.99;
    private static final int LOBES = 6;
    private static final int MAX_RATE = 768_000;

    private final int o;
    private final int n;
    private final double base;

    SincHannResampler(int from, int to) {
        checkRate(from);
        checkRate(to);
        int g = gcd(from, to);
        o = from / g;
        n = to / g;
        base = Math.min(o, n) * ROLLOFF;
    }

    static void checkRate(int rate) {
        if (rate < 1 || rate > MAX_RATE) {
            throw new IllegalArgumentException("no signal has " + rate + " samples a second");
        }
    }

    static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    @Override
    public float[] resample(float[] samples) {
        if (o == n) {
            return samples.clone();
        }
        int length = Math.toIntExact(((long) n * samples.length + o - 1) / o);
        float[] out = new float[length];
        // Taps further than LOBES / base from the output's own time are 0.
        int reach = (int) Math.ceil(LOBES * o / base) + 1;
        float[] taps = new float[2 * reach + 2];
        for (int p = 0; p < Math.min(n, length); p++) {
            int centre = (int) ((long) p * o / n);
            int first = centre - reach;
            for (int i = 0; i < taps.length; i++) {
                // torch divides the phase's whole numbers in single precision.
                taps[i] = (float) tap((double) (first + i) / o - (float) p / n);
            }
            int q = 0;
            for (int at = p; at < length; at += n, q++) {
                long from = (long) q * o + first;
                int lo = (int) Math.max(0, -from);
                int hi = (int) Math.min(taps.length, samples.length - from);
                double sum = 0;
                for (int i = lo; i < hi; i++) {
                    sum += (double) taps[i] * samples[(int) (from + i)];
                }
                out[at] = (float) sum;
            }
        }
        return out;
    }

    private double tap(double time) {
        double t = Math.clamp(time * base, -LOBES, LOBES);
        double window = Math.cos(t * Math.PI / LOBES / 2);
        double sinc = t == 0 ? 1 : Math.sin(t * Math.PI) / (t * Math.PI);
        return sinc * window * window * (base / o);
    }

    @Override
    public String toString() {
        return "sinc_interp_hann " + Arrays.toString(new int[] {o, n});
    }
}
