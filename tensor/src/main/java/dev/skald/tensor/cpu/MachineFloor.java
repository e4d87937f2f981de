package dev.skald.tensor.cpu;

import dev.skald.PhysicalCores;
import dev.skald.tensor.cpu.workers.WorkerPool;
import java.util.function.IntToDoubleFunction;

/**
 * What this machine can do at most, measured: no kernel is faster than its operations over the one
 * or its bytes over the other.
 *
 * @param threads how many threads the last two were measured with
 * @param threadGflops fp32 operations of one thread, 10^9 a second: a loop of nothing but fused
 *     multiply-adds (two operations each) on registers
 * @param gflops the same of all threads together
 * @param gigabytes bytes read from memory by all threads together, 10^9 a second
 */
public record MachineFloor(int threads, double threadGflops, double gflops, double gigabytes) {
    /** Values read a thread: far more than a cache holds. */
    private static final int VALUES = 1 << 24;

    private static final int ROUNDS = 40;

    /**
     * Measures, for about a second. The best of many short runs counts, so that other work on the
     * machine matters little.
     *
     * @param threads 0 for one a physical core
     */
    public static MachineFloor measure(int threads) {
        int count = threads == 0 ? PhysicalCores.count() : threads;
        boolean vectors = KernelChoice.best() instanceof VectorKernels;
        try (WorkerPool one = new WorkerPool(1);
                WorkerPool all = new WorkerPool(count)) {
            IntToDoubleFunction fma =
                    n -> vectors ? VectorFloor.multiplyAdd(n) : scalarMultiplyAdd(n);
            double single = best(one, 1 << 16, fma);
            double every = count == 1 ? single : best(all, 1 << 16, fma);
            float[][] data = new float[count][VALUES];
            double[] bytes = new double[count];
            double fastest = 0;
            for (int i = 0; i < ROUNDS / 2; i++) {
                long start = System.nanoTime();
                all.run(
                        count,
                        (item, worker) ->
                                bytes[item] =
                                        vectors
                                                ? VectorFloor.read(data[item])
                                                : scalarRead(data[item]));
                double seconds = (System.nanoTime() - start) * 1e-9;
                fastest = Math.max(fastest, 4.0 * VALUES * count / seconds);
            }
            if (Double.isNaN(bytes[0])) {
                throw new IllegalStateException("the sum of zeros is not a number");
            }
            return new MachineFloor(count, single, every, fastest * 1e-9);
        }
    }

    /** The most operations a second, in 10^9, that {@code work}, run by every thread, reports. */
    private static double best(WorkerPool pool, int n, IntToDoubleFunction work) {
        double best = 0;
        double[] operations = new double[pool.threads()];
        for (int i = 0; i < ROUNDS; i++) {
            long start = System.nanoTime();
            pool.run(pool.threads(), (item, worker) -> operations[item] = work.applyAsDouble(n));
            double seconds = (System.nanoTime() - start) * 1e-9;
            double sum = 0;
            for (double o : operations) {
                sum += o;
            }
            best = Math.max(best, sum / seconds * 1e-9);
        }
        return best;
    }

    private static double scalarMultiplyAdd(int n) {
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        for (int i = 0; i < n; i++) {
            a = a * 0.5f + 1;
            b = b * 0.5f + 1;
            c = c * 0.5f + 1;
            d = d * 0.5f + 1;
        }
        return a + b + c + d > 9 ? 0 : 8.0 * n;
    }

    private static float scalarRead(float[] data) {
        float sum = 0;
        for (int i = 0; i < data.length; i += 16) {
            sum += data[i];
        }
        return sum;
    }
}
