package dev.skald.audio;

import java.util.Arrays;

/** Finds the quiet at both ends of a signal. */
public final class Silence {
    private static final int FRAME = 2048;
    private static final int HOP = 512;
    private static final double FLOOR = 1e-5;

    private Silence() {}

    /**
     * {@code librosa.effects.trim(y, top_db=decibels)} with its defaults: frames of 2,048 samples
     * every 512, centred and padded with zeros; what lies before the first and behind the last
     * frame whose RMS is less than {@code decibels} below the loudest frame's is cut. A new array,
     * empty if the signal is.
     */
    public static float[] trim(float[] samples, double decibels) {
        int[] span = span(samples, decibels);
        return Arrays.copyOfRange(samples, span[0], span[1]);
    }

    /** What {@link #trim} keeps: its first sample and the one after its last. */
    public static int[] span(float[] samples, double decibels) {
        int frames = samples.length == 0 ? 0 : 1 + samples.length / HOP;
        double[] level = new double[frames];
        double loudest = 0;
        for (int t = 0; t < frames; t++) {
            int centre = t * HOP;
            double sum = 0;
            for (int i = Math.max(0, centre - FRAME / 2);
                    i < Math.min(samples.length, centre + FRAME / 2);
                    i++) {
                sum += (double) samples[i] * samples[i];
            }
            level[t] = Math.max(FLOOR, Math.sqrt(sum / FRAME));
            loudest = Math.max(loudest, level[t]);
        }
        double threshold = loudest * Math.pow(10, -decibels / 20);
        int first = 0;
        while (first < frames && level[first] <= threshold) {
            first++;
        }
        int last = frames - 1;
        while (last > first && level[last] <= threshold) {
            last--;
        }
        return first >= frames
                ? new int[2]
                : new int[] {first * HOP, Math.min(samples.length, (last + 1) * HOP)};
    }
}
