package dev.skald.chatterbox.s3gen;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Backend.Linear;
import dev.skald.tensor.Backend.Precision;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
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

    private final Linear mix;
    private final int samplesAFrame;

    private HarmonicSource(Linear mix, int samplesAFrame) {
        this.mix = mix;
        this.samplesAFrame = samplesAFrame;
    }

    /** Loads the weights under {@code mel2wav.m_source.}. */
    static HarmonicSource load(Weights w, Backend backend, int samplesAFrame) {
        int harmonics = w.get("l_linear.weight", 1, -1).shape()[1];
        return new HarmonicSource(
                backend.linear(
                        w.get("l_linear.weight", 1, harmonics),
                        w.get("l_linear.bias", 1),
                        Precision.F32),
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
        int samples = f0.length * samplesAFrame;
        try (var frame = ops.frame()) {
            Tensor sines = ops.tensor(1, samples, harmonics());
            ops.write(angles(f0, phase), 0, sines);
            ops.activate(sines, SIN, sines);
            ops.scale(sines, SINE_AMPLITUDE, 0, sines);
            Tensor random = ops.tensor(1, samples, harmonics());
            noise.fill(ops, first * samplesAFrame, random);
            for (int from = 0; from < f0.length; ) {
                boolean voiced = f0[from] > VOICED_HERTZ;
                int to = from + 1;
                while (to < f0.length && f0[to] > VOICED_HERTZ == voiced) {
                    to++;
                }
                Tensor part = sines.rows(from * samplesAFrame, to * samplesAFrame);
                ops.addScaled(
                        part,
                        random.rows(from * samplesAFrame, to * samplesAFrame),
                        voiced ? VOICED_NOISE : SINE_AMPLITUDE / 3,
                        part);
                from = to;
            }
            taps.tap("sines", ops, sines);
            ops.linear(sines, mix, Epilogue.of(Activation.TANH), out);
        }
    }

    private static final Activation SIN = new Activation(Activation.Kind.SIN, 0, null);

    /**
     * Angles whose sines are wanted, 0 where there is no voice. Turns are summed in double
     * precision and each is rounded to single, as the official code's cumulative sum does on a CPU.
     */
    private float[] angles(float[] f0, Phase phase) {
        int harmonics = harmonics();
        float[] angles = new float[f0.length * samplesAFrame * harmonics];
        for (int h = 0; h < harmonics; h++) {
            double turns = phase.turns()[h];
            float offset = h == 0 ? 0 : phase.offsets()[h];
            for (int f = 0; f < f0.length; f++) {
                float step = f0[f] * (h + 1) / SAMPLE_RATE;
                boolean voiced = f0[f] > VOICED_HERTZ;
                int at = f * samplesAFrame * harmonics + h;
                for (int i = 0; i < samplesAFrame; i++) {
                    turns += step;
                    if (voiced) {
                        float rounded = (float) turns;
                        float part = rounded - (float) Math.floor(rounded);
                        angles[at + i * harmonics] = (float) (2 * Math.PI) * part + offset;
                    }
                }
            }
            phase.turns()[h] = turns;
        }
        return angles;
    }
}
