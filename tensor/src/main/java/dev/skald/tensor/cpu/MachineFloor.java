package dev.skald.tensor.cpu;

import dev.skald.PhysicalCores;
import dev.skald.tensor.cpu.jit.Lanes;
import dev.skald.tensor.cpu.jit.VectorSupport;
import dev.skald.tensor.cpu.workers.WorkerPool;
import java.util.function.IntToDoubleFunction;
import jdk.incubator.vector.FloatVector;

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
        boolean vectors = VectorSupport.isUsable();
        try (WorkerPool one = new WorkerPool(1);
                WorkerPool all = new WorkerPool(count)) {
            IntToDoubleFunction fma = n -> vectors ? Simd.multiplyAdd(n) : scalarMultiplyAdd(n);
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
                                        vectors ? Simd.read(data[item]) : scalarRead(data[item]));
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

    /** The vector form of the loops. */
    private static final class Simd {
        private Simd() {}

        /**
         * Returns how many operations it did: twelve independent chains, enough for every pipeline.
         */
        static double multiplyAdd(int n) {
            FloatVector x = FloatVector.broadcast(Lanes.F, 0.5f);
            FloatVector y = FloatVector.broadcast(Lanes.F, 1f);
            FloatVector s0 = x;
            FloatVector s1 = x;
            FloatVector s2 = x;
            FloatVector s3 = x;
            FloatVector s4 = x;
            FloatVector s5 = x;
            FloatVector s6 = x;
            FloatVector s7 = x;
            FloatVector s8 = x;
            FloatVector s9 = x;
            FloatVector s10 = x;
            FloatVector s11 = x;
            for (int i = 0; i < n; i++) {
                s0 = s0.fma(x, y);
                s1 = s1.fma(x, y);
                s2 = s2.fma(x, y);
                s3 = s3.fma(x, y);
                s4 = s4.fma(x, y);
                s5 = s5.fma(x, y);
                s6 = s6.fma(x, y);
                s7 = s7.fma(x, y);
                s8 = s8.fma(x, y);
                s9 = s9.fma(x, y);
                s10 = s10.fma(x, y);
                s11 = s11.fma(x, y);
            }
            FloatVector t = s0.add(s1).add(s2).add(s3).add(s4).add(s5);
            t = t.add(s6).add(s7).add(s8).add(s9).add(s10).add(s11);
            return Lanes.sum(t) > 0 ? 24.0 * Lanes.N * n : 0;
        }

        /** Sums all values, four vectors at a time. */
        static float read(float[] data) {
            FloatVector a = FloatVector.zero(Lanes.F);
            FloatVector b = a;
            FloatVector c = a;
            FloatVector d = a;
            for (int i = 0; i < data.length - 4 * Lanes.N + 1; i += 4 * Lanes.N) {
                a = a.add(FloatVector.fromArray(Lanes.F, data, i));
                b = b.add(FloatVector.fromArray(Lanes.F, data, i + Lanes.N));
                c = c.add(FloatVector.fromArray(Lanes.F, data, i + 2 * Lanes.N));
                d = d.add(FloatVector.fromArray(Lanes.F, data, i + 3 * Lanes.N));
            }
            return Lanes.sum(a.add(b).add(c.add(d)));
        }
    }
}
