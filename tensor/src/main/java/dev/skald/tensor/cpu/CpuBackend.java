package dev.skald.tensor.cpu;

import dev.skald.PhysicalCores;
import dev.skald.Precision;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.cpu.workers.WorkerPool;

/** The processor as a {@link Backend}: kernels on the Vector API, a fixed pool of workers. */
public final class CpuBackend implements Backend {
    private final CpuKernels kernels;
    private final WorkerPool pool;

    CpuBackend(CpuKernels kernels, int threads) {
        this.kernels = kernels;
        this.pool = new WorkerPool(threads);
        kernels.warmUp();
    }

    /** Chooses the kernels and has those that every model needs compiled on another thread. */
    public static void prepare() {
        CpuKernels.best().warmUp();
    }

    /**
     * Opens the processor with the widest kernels that it and this JVM offer.
     *
     * @param threads how many threads work on one op, the caller among them; 0 for one a physical
     *     core
     */
    public static CpuBackend open(int threads) {
        if (threads < 0 || threads > 1024) {
            throw new IllegalArgumentException("threads must be 0 to 1024, not " + threads);
        }
        return new CpuBackend(CpuKernels.best(), threads == 0 ? PhysicalCores.count() : threads);
    }

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public String description() {
        return kernels.name() + ", " + pool.threads() + " threads";
    }

    @Override
    public Parameters parameters(Precision precision) {
        return new CpuParameters(
                this, kernels, precision == Precision.AUTO ? Precision.BF16 : precision);
    }

    @Override
    public Ops open() {
        return new CpuOps(this, kernels, pool);
    }

    @Override
    public void prepareSpeech() {
        kernels.warmUpSpeech();
    }

    @Override
    public void close() {
        pool.close();
    }
}
