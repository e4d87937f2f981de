package dev.skald.audio;

import java.util.Arrays;

/**
 * Makes speech faster or slower at its own pitch, as it arrives: waveform similarity overlap-add
 * (WSOLA; Verhelst and Roelands, ICASSP 1993). Windows of 30 ms overlap by half; each is taken from
 * where the signal, within 10 ms of where the speed puts it, goes on most like the window before.
 *
 * <p>At speed 1 the signal comes out as it went in. For one thread.
 */
public final class TimeStretch implements SampleFilter {
    private final double speed;
    private final int hop; // half a window
    private final int reach;
    private final float[] window;
    private float[] in = new float[0]; // from sample `base` of the signal on
    private long base;
    private long total; // samples taken
    private long frame; // the next one
    private long last; // where the one before was taken from
    private final float[] tail; // its second half, faded out

    /**
     * @param sampleRate hertz
     * @param speed 2 is twice as fast; speech stays good from about 0.5 to 2
     */
    public TimeStretch(int sampleRate, double speed) {
        if (!(speed > 0) || speed > 100) {
            throw new IllegalArgumentException("speed " + speed + " is not between 0 and 100");
        }
        this.speed = speed;
        hop = Math.max(1, sampleRate * 15 / 1000);
        reach = sampleRate / 100;
        window = new float[2 * hop];
        for (int i = 0; i < window.length; i++) {
            window[i] = (float) (0.5 - 0.5 * Math.cos(2 * Math.PI * i / window.length));
        }
        tail = new float[hop];
    }

    /** Takes samples; gives those that are ready. */
    @Override
    public float[] push(float[] samples) {
        append(samples);
        return frames(Long.MAX_VALUE);
    }

    /** Gives the rest: then as many samples came out as went in, divided by the speed. */
    @Override
    public float[] finish() {
        long all = Math.round(total / speed);
        long left = all - frame * hop;
        append(new float[2 * (window.length + reach)]);
        float[] rest = frames(all);
        return Arrays.copyOf(rest, (int) Math.max(0, Math.min(left, rest.length)));
    }

    private void append(float[] samples) {
        // What no window can be taken from, or compared with, any more.
        int drop = (int) Math.clamp(Math.min(last + hop, nominal() - reach) - base, 0, in.length);
        int kept = in.length - drop;
        float[] more = new float[kept + samples.length];
        System.arraycopy(in, drop, more, 0, kept);
        System.arraycopy(samples, 0, more, kept, samples.length);
        in = more;
        base += drop;
        total += samples.length;
    }

    private long nominal() {
        return Math.round(frame * hop * speed);
    }

    /** All frames that can be made, each of {@code hop} samples, up to {@code most} samples. */
    private float[] frames(long most) {
        float[] out = new float[0];
        int n = 0;
        while (frame * hop < most) {
            long furthest = Math.max(nominal() + reach, last + hop) + window.length;
            if (furthest > base + in.length) {
                break;
            }
            if (n + hop > out.length) {
                out = Arrays.copyOf(out, 2 * out.length + hop);
            }
            int from = frame == 0 ? 0 : best();
            for (int i = 0; i < hop; i++) {
                float rising = frame == 0 ? 1 : window[i];
                out[n + i] = tail[i] + in[from + i] * rising;
                tail[i] = in[from + hop + i] * window[hop + i];
            }
            last = base + from;
            frame++;
            n += hop;
        }
        return Arrays.copyOf(out, n);
    }

    /** Where in the buffer the signal goes on most like after the last window. */
    private int best() {
        int wanted = (int) (last + hop - base);
        int centre = (int) (nominal() - base);
        int low = Math.max(0, centre - reach);
        int best = Math.max(low, centre);
        double most = similarity(wanted, best);
        for (int at = low; at <= centre + reach; at++) {
            double found = similarity(wanted, at);
            if (found > most) {
                most = found;
                best = at;
            }
        }
        return best;
    }

    /** The correlation of two windows, by the second one's energy. */
    private double similarity(int a, int b) {
        float dot = 0;
        float energy = 0;
        for (int i = 0; i < window.length; i++) {
            float v = in[b + i];
            dot += in[a + i] * v;
            energy += v * v;
        }
        return dot / Math.sqrt(energy + 1e-9);
    }
}
