package dev.skald.nn;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Harmonics;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;

/**
 * The vocoder's excitation: sines at the fundamental and its harmonics, or noise where there is no
 * voice, mixed to one signal (neural source filter, Wang et al. 2019; {@code SineGen} and {@code
 * SourceModuleHnNSF} of {@code s3gen/hifigan.py} in resemble-ai/chatterbox).
 */
public final class HarmonicSource {
    private static final float SINE_AMPLITUDE = 0.1f;
    private static final float VOICED_NOISE = 0.003f;
    private static final float VOICED_HERTZ = 10;

    private final Linear mix;
    private final float sampleRate;
    private final int samplesAFrame;

    private HarmonicSource(Linear mix, float sampleRate, int samplesAFrame) {
        this.mix = mix;
        this.sampleRate = sampleRate;
        this.samplesAFrame = samplesAFrame;
    }

    /** Loads {@code l_linear}. */
    public static HarmonicSource load(Loader load, float sampleRate, int samplesAFrame) {
        return new HarmonicSource(
                load.role(Role.EXACT).linear("l_linear", -1, 1), sampleRate, samplesAFrame);
    }

    /** Harmonics, the fundamental included. */
    public int harmonics() {
        return mix.in();
    }

    /**
     * Where the oscillators are between two pieces of one signal.
     *
     * @param turns see {@link Harmonics}; moved on by {@link #generate}
     * @param offsets (1,1,H): initial phases in radians; the fundamental's is 0
     */
    public record Phase(Ints turns, Tensor offsets) {
        /** The beginning of a signal. The fundamental's offset is not looked at. */
        public static Phase begin(Ops ops, float[] offsets) {
            return at(ops, offsets, new int[2 * offsets.length]);
        }

        /** A place whose turns were read. */
        public static Phase at(Ops ops, float[] offsets, int[] turns) {
            float[] own = offsets.clone();
            own[0] = 0;
            Tensor t = ops.tensor(1, 1, own.length);
            ops.write(own, 0, t);
            return new Phase(ops.ints(turns), t);
        }

        /** The same place, which moves on by itself. */
        public Phase copy(Ops ops) {
            Ints own = ops.ints(turns.count());
            ops.copy(turns, own);
            return new Phase(own, offsets);
        }
    }

    /**
     * The source of frames of the frequencies f0 (1,F,1), into {@code out} (1, F * samplesAFrame,
     * 1); {@code phase} moves on.
     *
     * @param first index of the first frame in the whole signal, for the noise
     */
    public void generate(
            Ops ops, Tensor f0, Phase phase, long first, NoiseSource noise, Taps taps, Tensor out) {
        int frames = ops.rowsAtOnce(3L * Float.BYTES * harmonics() * samplesAFrame);
        Harmonics how =
                new Harmonics(
                        samplesAFrame,
                        sampleRate,
                        VOICED_HERTZ,
                        SINE_AMPLITUDE,
                        VOICED_NOISE,
                        SINE_AMPLITUDE / 3,
                        phase.offsets());
        for (int from = 0; from < f0.rows(); from += frames) {
            int to = Math.min(f0.rows(), from + frames);
            try (var scope = ops.scope()) {
                int samples = (to - from) * samplesAFrame;
                Tensor random = ops.tensor(1, samples, harmonics());
                noise.fill(ops, (first + from) * samplesAFrame, random);
                Tensor sines = ops.tensor(1, samples, harmonics());
                ops.harmonics(f0.rows(from, to), how, phase.turns(), random, sines);
                taps.tap("sines", ops, sines);
                ops.linear(
                        sines,
                        mix,
                        Epilogue.of(Activation.TANH),
                        out.rows(from * samplesAFrame, to * samplesAFrame));
            }
        }
    }
}
