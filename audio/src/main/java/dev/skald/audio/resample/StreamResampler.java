package dev.skald.audio.resample;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

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

    /** Those of every ratio that was asked for: voices and formats have few rates. */
    private static final Map<Long, Filter> FILTERS = new ConcurrentHashMap<>();

    private final int up;
    private final int down;
    private final int peak;
    private final double[][] phases;
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
        long ratio = (long) up << 32 | down;
        Filter filter = FILTERS.computeIfAbsent(ratio, r -> Filter.of(up, down));
        peak = filter.peak;
        phases = filter.phases;
        longest = phases[0].length;
        held = new float[2 * longest + 1024];
        heldLength = longest;
        heldFrom = -longest;
    }

    /**
     * A low-pass filter.
     *
     * @param peak index of its largest tap
     * @param phases reversed taps of each phase, all of one length
     */
    private record Filter(int peak, double[][] phases) {
        static Filter of(int up, int down) {
            double[] taps =
                    up == down
                            ? new double[] {1}
                            : SoxrDesign.lowPass(
                                    PASS_END, 1, Math.max(up, down), ATTENUATION, 0, -4);
            int longest = (taps.length + up - 1) / up;
            double[][] phases = new double[up][longest];
            for (int i = 0; i < taps.length; i++) {
                phases[i % up][longest - 1 - i / up] = taps[i] * up;
            }
            return new Filter(taps.length / 2, phases);
        }
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
        int i = 0;
        // Four at once: one sum alone waits for each of its additions.
        for (; i + 4 <= out.length; i += 4) {
            double[] phase0 = phase(i);
            double[] phase1 = phase(i + 1);
            double[] phase2 = phase(i + 2);
            double[] phase3 = phase(i + 3);
            int at0 = at(i);
            int at1 = at(i + 1);
            int at2 = at(i + 2);
            int at3 = at(i + 3);
            double sum0 = 0;
            double sum1 = 0;
            double sum2 = 0;
            double sum3 = 0;
            for (int k = 0; k < longest; k++) {
                sum0 += phase0[k] * held[at0 + k];
                sum1 += phase1[k] * held[at1 + k];
                sum2 += phase2[k] * held[at2 + k];
                sum3 += phase3[k] * held[at3 + k];
            }
            out[i] = (float) sum0;
            out[i + 1] = (float) sum1;
            out[i + 2] = (float) sum2;
            out[i + 3] = (float) sum3;
        }
        for (; i < out.length; i++) {
            double[] phase = phase(i);
            int at = at(i);
            double sum = 0;
            for (int k = 0; k < longest; k++) {
                sum += phase[k] * held[at + k];
            }
            out[i] = (float) sum;
        }
        made += out.length;
        forget();
        return out;
    }

    private double[] phase(int next) {
        return phases[(int) (((made + next) * down + peak) % up)];
    }

    /** Where the inputs of an output begin in {@link #held}. */
    private int at(int next) {
        return (int) (((made + next) * down + peak) / up - longest + 1 - heldFrom);
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
