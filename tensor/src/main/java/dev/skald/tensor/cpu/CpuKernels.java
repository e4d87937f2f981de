package dev.skald.tensor.cpu;

import dev.skald.tensor.cpu.conv.Winograd;
import dev.skald.tensor.cpu.elementwise.Functions;
import dev.skald.tensor.cpu.gemm.GemmKernels;
import dev.skald.tensor.cpu.gemm.OutputKernels;
import dev.skald.tensor.cpu.jit.Lanes;
import dev.skald.tensor.cpu.jit.VectorSupport;
import dev.skald.tensor.cpu.norm.Norms;

/** The kernels of all packages, with vectors or without. Stateless, for any thread. */
record CpuKernels(
        boolean vectors,
        GemmKernels gemm,
        Functions functions,
        Norms norms,
        OutputKernels outputs) {
    private static final CpuKernels BEST = of(VectorSupport.isUsable());

    static CpuKernels of(boolean vectors) {
        Functions functions = new Functions(vectors);
        return new CpuKernels(
                vectors,
                new GemmKernels(vectors),
                functions,
                new Norms(vectors),
                new OutputKernels(vectors, functions));
    }

    /** The fastest ones that this machine and this JVM can run. */
    static CpuKernels best() {
        return BEST;
    }

    String name() {
        return vectors ? Lanes.N * 32 + " bit vectors" : "scalar";
    }

    /** Starts to compile what takes most of the time of every model, in the order of its use. */
    void warmUp() {
        if (vectors) {
            GemmKernels.prepare();
            Winograd.prepare();
            OutputKernels.prepare();
            Functions.prepare();
        }
    }

    /** Starts to compile what a decoder, a flow and a vocoder need, in that order. */
    void warmUpSpeech() {
        warmUp();
        if (vectors) {
            Norms.prepareSpeech();
            GemmKernels.prepareSpeech();
            Functions.prepareSpeech();
        }
    }
}
