package dev.skald.tensor;

import dev.skald.tensor.cpu.CpuBackend;

/** Where backends come from. */
public final class Backends {
    private Backends() {}

    /**
     * This machine's processor.
     *
     * @param threads how many threads work on one op, the caller among them; 0 for one a physical
     *     core
     */
    public static Backend cpu(int threads) {
        return CpuBackend.open(threads);
    }

    /**
     * Begins to compile this processor's kernels on a thread beside and returns at once, so that a
     * program that is going to compute has them sooner. Opening a backend does it too.
     */
    public static void prepare() {
        Thread.ofPlatform().daemon().name("skald-cpu-prepare").start(CpuBackend::prepare);
    }
}
