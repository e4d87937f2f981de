package dev.skald.tensor;

import dev.skald.tensor.Ops.Ints;

/**
 * The sines of a neural source filter's excitation (Wang et al. 2019; {@code SineGen} of {@code
 * s3gen/hifigan.py} in resemble-ai/chatterbox): the fundamental and its harmonics where there is
 * voice, noise where there is none.
 *
 * <p>{@link Ops#harmonics} takes f0 (1,F,1) in Hz and noise (1,F*hop,H), and makes (1,F*hop,H). A
 * sample of harmonic h is {@code amplitude sin(2 pi turns + offsets[h]) + voicedNoise n} in a frame
 * whose f0 is above {@code voicedHertz}, else {@code unvoicedNoise n}. Turns are summed in fp64,
 * each sample's rounded to fp32, as the official code's cumulative sum does on a CPU.
 *
 * <p>The phase between two pieces of one signal is 2H integers: the bits of each harmonic's turns
 * as fp64, low word first. It moves on by the valid frames.
 *
 * @param hop samples of a frame
 * @param sampleRate samples a second
 * @param offsets (1,1,H): initial phases in radians
 */
public record Harmonics(
        int hop,
        float sampleRate,
        float voicedHertz,
        float amplitude,
        float voicedNoise,
        float unvoicedNoise,
        Tensor offsets) {

    private static final Activation SIN = new Activation(Activation.Kind.SIN, 0, null);

    /** Frames made at once, which bounds the memory of angles on the host. */
    private static final int AT_ONCE = 250;

    /** The plain form of {@link Ops#harmonics}. */
    static void compute(Ops ops, Tensor f0, Harmonics how, Ints phase, Tensor noise, Tensor out) {
        float[] hertz = ops.read(f0);
        Ints lengths = f0.lengths();
        int frames = lengths == null ? f0.rows() : ops.read(lengths)[0];
        int[] bits = ops.read(phase);
        int harmonics = out.cols();
        float[] offsets = ops.read(how.offsets);
        double[] turns = new double[harmonics];
        for (int h = 0; h < harmonics; h++) {
            turns[h] =
                    Double.longBitsToDouble(
                            Integer.toUnsignedLong(bits[2 * h]) | (long) bits[2 * h + 1] << 32);
        }
        float[] angles = new float[Math.min(frames, AT_ONCE) * how.hop * harmonics];
        for (int from = 0; from < frames; from += AT_ONCE) {
            int to = Math.min(frames, from + AT_ONCE);
            how.angles(hertz, from, to, turns, offsets, angles);
            Tensor sines = out.rows(from * how.hop, to * how.hop);
            ops.write(angles, 0, sines);
            ops.activate(sines, SIN, sines);
            ops.scale(sines, how.amplitude, 0, sines);
            how.addNoise(ops, hertz, from, to, noise, out);
        }
        for (int h = 0; h < harmonics; h++) {
            long b = Double.doubleToRawLongBits(turns[h]);
            bits[2 * h] = (int) b;
            bits[2 * h + 1] = (int) (b >>> 32);
        }
        ops.write(bits, phase);
    }

    /** Angles whose sines are wanted, 0 where there is no voice. */
    private void angles(
            float[] f0, int from, int to, double[] turns, float[] offsets, float[] angles) {
        int harmonics = turns.length;
        for (int h = 0; h < harmonics; h++) {
            double sum = turns[h];
            for (int f = from; f < to; f++) {
                float step = f0[f] * (h + 1) / sampleRate;
                boolean voiced = f0[f] > voicedHertz;
                int at = (f - from) * hop * harmonics + h;
                for (int i = 0; i < hop; i++) {
                    sum += step;
                    float rounded = (float) sum;
                    float part = rounded - (float) Math.floor(rounded);
                    angles[at + i * harmonics] =
                            voiced ? (float) (2 * Math.PI) * part + offsets[h] : 0;
                }
            }
            turns[h] = sum;
        }
    }

    private void addNoise(Ops ops, float[] f0, int from, int to, Tensor noise, Tensor out) {
        for (int a = from; a < to; ) {
            boolean voiced = f0[a] > voicedHertz;
            int b = a + 1;
            while (b < to && f0[b] > voicedHertz == voiced) {
                b++;
            }
            Tensor part = out.rows(a * hop, b * hop);
            ops.addScaled(
                    part, noise.rows(a * hop, b * hop), voiced ? voicedNoise : unvoicedNoise, part);
            a = b;
        }
    }
}
