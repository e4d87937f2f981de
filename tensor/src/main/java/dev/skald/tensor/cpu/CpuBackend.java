package dev.skald.tensor.cpu;

import dev.skald.Optimisation;
import dev.skald.PhysicalCores;
import dev.skald.Precision;
import dev.skald.tensor.Backend;
import dev.skald.tensor.DeviceSettings;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.cpu.workers.WorkerPool;
import java.util.Set;

/** The processor as a {@link Backend}: kernels on the Vector API, a fixed pool of workers. */
public final class CpuBackend implements Backend {
    private final CpuKernels kernels;
    private final WorkerPool pool;
    private final Set<Optimisation> without;

    CpuBackend(CpuKernels kernels, int threads) {
        this(kernels, threads, Set.of());
    }

    private CpuBackend(CpuKernels kernels, int threads, Set<Optimisation> without) {
        this.kernels = kernels;
        this.without = without;
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
        return open(DeviceSettings.threads(threads));
    }

    static CpuBackend open(DeviceSettings settings) {
        int threads = settings.threads();
        if (threads < 0 || threads > 1024) {
            throw new IllegalArgumentException("threads must be 0 to 1024, not " + threads);
        }
        return new CpuBackend(
                CpuKernels.best(),
                threads == 0 ? PhysicalCores.count() : threads,
                settings.without());
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
    public boolean uses(Optimisation optimisation) {
        return !without.contains(optimisation);
    }

    @Override
    public Parameters parameters(Precision precision) {
        Precision streamed = precision == Precision.AUTO ? Precision.BF16 : precision;
        return new CpuParameters(
                this, kernels, uses(Optimisation.BF16) ? streamed : Precision.FP32);
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
