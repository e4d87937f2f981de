package dev.skald.audio;

/**
 * Integrated loudness by ITU-R BS.1770-4 of a mono signal, as {@code pyloudnorm.Meter(rate)}
 * measures it: K-weighting by two biquads of the RBJ cookbook (high shelf +4 dB at 1,500 Hz, Q
 * 1/sqrt(2); high pass at 38 Hz, Q 0.5), blocks of 400 ms overlapping by 75 %, an absolute gate at
 * -70 LUFS and a relative one 10 LU below the mean of what passes it.
 */
public final class Loudness {
    private static final double BLOCK = 0.4;
    private static final double STEP = 0.25;
    private static final double ABSOLUTE_GATE = -70;
    private static final double RELATIVE_GATE = -10;

    private Loudness() {}

    /**
     * LUFS of the signal; negative infinity if no block passes the gates, NaN if it is shorter than
     * one block.
     */
    public static double integrated(float[] samples, int sampleRate) {
        if (samples.length < BLOCK * sampleRate) {
            return Double.NaN;
        }
        double[] weighted = new double[samples.length];
        for (int i = 0; i < samples.length; i++) {
            weighted[i] = samples[i];
        }
        highShelf(sampleRate).filter(weighted);
        highPass(sampleRate).filter(weighted);
        double seconds = (double) samples.length / sampleRate;
        int blocks = (int) Math.rint((seconds - BLOCK) / (BLOCK * STEP)) + 1;
        double[] energy = new double[blocks];
        for (int j = 0; j < blocks; j++) {
            int lo = (int) (BLOCK * (j * STEP) * sampleRate);
            int hi = Math.min(samples.length, (int) (BLOCK * (j * STEP + 1) * sampleRate));
            double sum = 0;
            for (int i = lo; i < hi; i++) {
                sum += weighted[i] * weighted[i];
            }
            energy[j] = sum / (BLOCK * sampleRate);
        }
        double relative = lufs(meanAbove(energy, ABSOLUTE_GATE, true)) + RELATIVE_GATE;
        return lufs(meanAbove(energy, Math.max(relative, ABSOLUTE_GATE), false));
    }

    /**
     * The signal at another loudness, by one gain, as Chatterbox Turbo sets its references to -27
     * LUFS: unchanged where there is no finite positive gain (silence, or less than a block). Not
     * clipped. A new array.
     */
    public static float[] normalise(float[] samples, int sampleRate, double targetLufs) {
        double gain = Math.pow(10, (targetLufs - integrated(samples, sampleRate)) / 20);
        float[] out = samples.clone();
        if (gain > 0 && gain < Double.POSITIVE_INFINITY) {
            for (int i = 0; i < out.length; i++) {
                out[i] = (float) (out[i] * gain);
            }
        }
        return out;
    }

    private static double lufs(double energy) {
        return -0.691 + 10 * Math.log10(energy);
    }

    private static double meanAbove(double[] energy, double gate, boolean orAt) {
        double sum = 0;
        int count = 0;
        for (double e : energy) {
            double l = lufs(e);
            if (l > gate || (orAt && l == gate)) {
                sum += e;
                count++;
            }
        }
        return count == 0 ? 0 : sum / count;
    }

    private record Biquad(double b0, double b1, double b2, double a1, double a2) {
        void filter(double[] x) {
            double z1 = 0;
            double z2 = 0;
            for (int i = 0; i < x.length; i++) {
                double in = x[i];
                double out = b0 * in + z1;
                z1 = b1 * in - a1 * out + z2;
                z2 = b2 * in - a2 * out;
                x[i] = out;
            }
        }
    }

    private static Biquad highShelf(int rate) {
        double a = Math.pow(10, 4.0 / 40);
        double w = 2 * Math.PI * 1500 / rate;
        double cos = Math.cos(w);
        double beta = 2 * Math.sqrt(a) * Math.sin(w) / (2 * Math.sqrt(0.5));
        double a0 = (a + 1) - (a - 1) * cos + beta;
        return new Biquad(
                a * ((a + 1) + (a - 1) * cos + beta) / a0,
                -2 * a * ((a - 1) + (a + 1) * cos) / a0,
                a * ((a + 1) + (a - 1) * cos - beta) / a0,
                2 * ((a - 1) - (a + 1) * cos) / a0,
                ((a + 1) - (a - 1) * cos - beta) / a0);
    }

    private static Biquad highPass(int rate) {
        double w = 2 * Math.PI * 38 / rate;
        double cos = Math.cos(w);
        double alpha = Math.sin(w); // Q is 0.5
        double a0 = 1 + alpha;
        return new Biquad(
                (1 + cos) / 2 / a0,
                -(1 + cos) / a0,
                (1 + cos) / 2 / a0,
                -2 * cos / a0,
                (1 - alpha) / a0);
    }
}
