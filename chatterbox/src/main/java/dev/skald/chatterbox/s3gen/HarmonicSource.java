package dev.skald.chatterbox.s3gen;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weights;

/**
 * The vocoder's excitation: sines at the fundamental and its harmonics, or noise where there is no
 * voice, mixed to one signal (neural source filter, Wang et al. 2019; {@code SineGen} and {@code
 * SourceModuleHnNSF} of {@code s3gen/hifigan.py} in resemble-ai/chatterbox).
 */
final class HarmonicSource {
    private static final float SINE_AMPLITUDE = 0.1f;
    private static final float VOICED_NOISE = 0.003f;
    private static final float VOICED_HERTZ = 10;
    private static final float SAMPLE_RATE = 24_000;

    /** Frames made at once. */
    private static final int AT_ONCE = 250;

    private final Linear mix;
    private final int samplesAFrame;

    private HarmonicSource(Linear mix, int samplesAFrame) {
        this.mix = mix;
        this.samplesAFrame = samplesAFrame;
    }

    /** Loads the weights under {@code mel2wav.m_source.}. */
    static HarmonicSource load(Weights w, Parameters parameters, int samplesAFrame) {
        int harmonics = w.get("l_linear.weight", 1, -1).shape()[1];
        return new HarmonicSource(
                parameters.linear(
                        w.get("l_linear.weight", 1, harmonics),
                        w.get("l_linear.bias", 1),
                        Role.EXACT),
                samplesAFrame);
    }

    int harmonics() {
        return mix.in();
    }

    /**
     * Where the oscillators are between two pieces of one signal.
     *
     * @param turns of each harmonic since the beginning; advanced by {@link #generate}
     * @param offsets initial phases in radians; the fundamental's is 0
     */
    record Phase(double[] turns, float[] offsets) {
        Phase copy() {
            return new Phase(turns.clone(), offsets.clone());
        }
    }

    /**
     * The source of frames of the given frequencies, (1, frames * samplesAFrame, 1) into {@code
     * out}; {@code phase} moves on.
     *
     * @param first index of the first frame in the whole signal, for the noise
     */
    void generate(
            Ops ops,
            float[] f0,
            Phase phase,
            long first,
            NoiseSource noise,
            Taps taps,
            Tensor out) {
        float[] angles = new float[Math.min(f0.length, AT_ONCE) * samplesAFrame * harmonics()];
        for (int from = 0; from < f0.length; from += AT_ONCE) {
            int to = Math.min(f0.length, from + AT_ONCE);
            angles(f0, from, to, phase, angles);
            try (var scope = ops.scope()) {
                Tensor sines = ops.tensor(1, (to - from) * samplesAFrame, harmonics());
                ops.write(angles, 0, sines);
                ops.activate(sines, SIN, sines);
                ops.scale(sines, SINE_AMPLITUDE, 0, sines);
                Tensor random = ops.tensor(1, sines.rows(), harmonics());
                noise.fill(ops, (first + from) * samplesAFrame, random);
                addNoise(ops, f0, from, to, random, sines);
                taps.tap("sines", ops, sines);
                ops.linear(
                        sines,
                        mix,
                        Epilogue.of(Activation.TANH),
                        out.rows(from * samplesAFrame, to * samplesAFrame));
            }
        }
    }

    /** Little noise where there is voice, much where there is none. */
    private void addNoise(Ops ops, float[] f0, int from, int to, Tensor random, Tensor sines) {
        for (int a = from; a < to; ) {
            boolean voiced = f0[a] > VOICED_HERTZ;
            int b = a + 1;
            while (b < to && f0[b] > VOICED_HERTZ == voiced) {
                b++;
            }
            int low = (a - from) * samplesAFrame;
            int high = (b - from) * samplesAFrame;
            Tensor part = sines.rows(low, high);
            float amplitude = voiced ? VOICED_NOISE : SINE_AMPLITUDE / 3;
            ops.addScaled(part, random.rows(low, high), amplitude, part);
            a = b;
        }
    }

    private static final Activation SIN = new Activation(Activation.Kind.SIN, 0, null);

    /**
     * Angles whose sines are wanted, 0 where there is no voice. Turns are summed in double
     * precision and each is rounded to single, as the official code's cumulative sum does on a CPU.
     */
    private void angles(float[] f0, int from, int to, Phase phase, float[] angles) {
        int harmonics = harmonics();
        for (int h = 0; h < harmonics; h++) {
            double turns = phase.turns()[h];
            float offset = h == 0 ? 0 : phase.offsets()[h];
            for (int f = from; f < to; f++) {
                float step = f0[f] * (h + 1) / SAMPLE_RATE;
                boolean voiced = f0[f] > VOICED_HERTZ;
                int at = (f - from) * samplesAFrame * harmonics + h;
                for (int i = 0; i < samplesAFrame; i++) {
                    turns += step;
                    float rounded = (float) turns;
                    float part = rounded - (float) Math.floor(rounded);
                    angles[at + i * harmonics] = voiced ? (float) (2 * Math.PI) * part + offset : 0;
                }
            }
            phase.turns()[h] = turns;
        }
    }
}
