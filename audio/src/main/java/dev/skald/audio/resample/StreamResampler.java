package dev.skald.audio.resample;

import java.util.Arrays;

/**
 * Changes the sample rate of a signal that arrives in pieces. The output does not depend on where
 * the pieces begin and end. For one thread.
 *
 * <p>A polyphase low-pass filter of the ratio's two whole numbers, Kaiser-windowed, 100 dB deep,
 * flat to 0.91 of the lower Nyquist frequency. Its delay is taken out: sample 0 stays at time 0.
 */
public final class StreamResampler {
    private static final double PASS_END = 0.91;
    private static final double ATTENUATION = 100; // decibels

    private final int up;
    private final int down;
    private final int peak;
    private final double[][] phases; // reversed taps of each phase
    private final int longest;

    private float[] held; // inputs from index heldFrom on, with silence before the first
    private int heldLength;
    private long heldFrom;
    private long received;
    private long made;

    /**
     * @param from hertz of what comes in
     * @param to hertz of what goes out
     */
    public StreamResampler(int from, int to) {
        SincHannResampler.checkRate(from);
        SincHannResampler.checkRate(to);
        int divisor = SincHannResampler.gcd(from, to);
        up = to / divisor;
        down = from / divisor;
        double[] taps =
                up == down
                        ? new double[] {1}
                        : SoxrDesign.lowPass(PASS_END, 1, Math.max(up, down), ATTENUATION, 0, -4);
        peak = taps.length / 2;
        longest = (taps.length + up - 1) / up;
        phases = new double[up][];
        for (int r = 0; r < up; r++) {
            double[] phase = new double[(taps.length - r + up - 1) / up];
            for (int j = 0; j < phase.length; j++) {
                phase[phase.length - 1 - j] = taps[r + j * up] * up;
            }
            phases[r] = phase;
        }
        held = new float[2 * longest + 1024];
        heldLength = longest;
        heldFrom = -longest;
    }

    /** Takes {@code length} more samples and gives what can be computed of the output by now. */
    public float[] push(float[] samples, int offset, int length) {
        append(samples, offset, length);
        received += length;
        // Output m needs the inputs up to (m down + peak) / up.
        long ready = Math.floorDiv(received * up - 1 - peak, (long) down) + 1;
        return upTo(Math.min(ready, total()));
    }

    /** The rest of the output: {@code ceil(n to / from)} samples in all. Nothing may follow. */
    public float[] finish() {
        append(new float[longest + 1], 0, longest + 1);
        return upTo(total());
    }

    private long total() {
        return (received * up + down - 1) / down;
    }

    private float[] upTo(long end) {
        float[] out = new float[(int) Math.max(0, end - made)];
        for (int i = 0; i < out.length; i++) {
            long centre = (made + i) * down + peak;
            double[] phase = phases[(int) (centre % up)];
            int at = (int) (centre / up - phase.length + 1 - heldFrom);
            double sum = 0;
            for (int k = 0; k < phase.length; k++) {
                sum += phase[k] * held[at + k];
            }
            out[i] = (float) sum;
        }
        made += out.length;
        forget();
        return out;
    }

    private void append(float[] samples, int offset, int length) {
        if (heldLength + length > held.length) {
            held = Arrays.copyOf(held, Math.max(2 * held.length, heldLength + length));
        }
        System.arraycopy(samples, offset, held, heldLength, length);
        heldLength += length;
    }

    /** Drops the inputs that no later output needs. */
    private void forget() {
        long needed = (made * down + peak) / up - longest;
        int drop = (int) Math.clamp(needed - heldFrom, 0, heldLength);
        System.arraycopy(held, drop, held, 0, heldLength - drop);
        heldLength -= drop;
        heldFrom += drop;
    }
}
