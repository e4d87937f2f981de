package dev.skald.cuda;

import dev.skald.cuda.CudaWeights.CudaLinear;
import dev.skald.tensor.Harmonics;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Stft;

/** What speech models need beyond layers: {@code vocoder.cu}, {@code vits.cu}. */
final class Waves {
    private final Launcher launcher;
    private final DeviceArena arena;

    Waves(Launcher launcher, DeviceArena arena) {
        this.launcher = launcher;
        this.arena = arena;
    }

    void harmonics(CudaTensor f0, Harmonics how, CudaInts phase, CudaTensor noise, CudaTensor out) {
        int h = out.cols();
        try (Ops.Scope scope = arena.scope()) {
            long turns = arena.allocate((long) f0.rows() * h * Double.BYTES);
            launcher.begin()
                    .add(f0.address())
                    .add(f0.rowStride())
                    .add(phase.address())
                    .add(turns)
                    .add(f0.valid())
                    .add(f0.rows())
                    .add(h)
                    .add(how.hop())
                    .add(0)
                    .add(how.sampleRate())
                    .add(0)
                    .launch("harmonic_turns", h, 1, 1, 32, 0);
            launcher.begin()
                    .add(f0.address())
                    .add(f0.rowStride())
                    .add(turns)
                    .add(CudaTensor.floats(how.offsets()).address())
                    .add(noise.address())
                    .add(noise.rowStride())
                    .add(out.address())
                    .add(out.rowStride())
                    .add(f0.valid())
                    .add(f0.rows())
                    .add(h)
                    .add(how.hop())
                    .add(how.sampleRate())
                    .add(how.voicedHertz())
                    .add(how.amplitude())
                    .add(how.voicedNoise())
                    .add(how.unvoicedNoise())
                    .over("harmonics", (long) f0.rows() * how.hop() * h, 1);
        }
    }

    void stft(CudaTensor wave, Stft how, CudaTensor out) {
        CudaLinear basis = (CudaLinear) how.forward();
        launcher.begin()
                .add(wave.address())
                .add(wave.batchStride())
                .add(basis.matrix().address())
                .add((long) basis.matrix().padded())
                .place(out)
                .add(out.valid())
                .add(out.rows())
                .add(how.fft())
                .add(how.hop())
                .add(0)
                .over("stft", (long) out.rows() * (how.fft() + 2), out.batch());
    }

    void inverseStft(CudaTensor x, Stft how, float maxMagnitude, float limit, CudaTensor wave) {
        CudaLinear basis = (CudaLinear) how.inverse();
        int fft = how.fft();
        int hop = how.hop();
        launcher.begin()
                .place(x)
                .add(basis.matrix().address())
                .add((long) basis.matrix().padded())
                .add(CudaTensor.floats(how.headGain()).address())
                .add(CudaTensor.floats(how.tailGain()).address())
                .add(wave.address())
                .add(wave.batchStride())
                .add(x.valid())
                .add(x.rows())
                .add(fft)
                .add(hop)
                .add(maxMagnitude)
                .add(limit)
                .add(0)
                .launch(
                        "inverse_stft",
                        Math.ceilDiv((x.rows() - 1) * hop, 256),
                        x.batch(),
                        1,
                        256,
                        (256 / hop + fft / hop + 2) * (fft + 2) * Float.BYTES);
    }

    void inverseSpline(CudaTensor x, CudaTensor parameters, float shrink) {
        launcher.begin()
                .add(x.address())
                .add(x.rowStride())
                .add(parameters.address())
                .add(parameters.rowStride())
                .add(x.valid())
                .add(x.rows())
                .add(shrink)
                .launch("inverse_spline", Math.ceilDiv(x.rows(), 128), 1, 1, 128, 0);
    }
}
