package dev.skald.tensor.cpu.norm;

import dev.skald.tensor.cpu.jit.JitKernel;
import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;

/** Sums over a row, in the order of the vector loops. */
final class RowSums {
    private RowSums() {}

    static float sum(float[] x, int xo, int n) {
        return Sum.KERNEL.isReady(n) ? Sum.simd(x, xo, n) : scalar(x, xo, 0, 1, n);
    }

    /** The sum of (x - mean)^2. */
    static float squares(float[] x, int xo, float mean, int n) {
        return Squares.KERNEL.isReady(n) ? Squares.simd(x, xo, mean, n) : scalar(x, xo, mean, 2, n);
    }

    /** The sum of (x - mean)^power, power 1 or 2; the mean counts for power 2 alone. */
    static float scalar(float[] x, int xo, float mean, int power, int n) {
        int whole = n - n % Lanes.N;
        float s = laneSum(x, xo, mean, power, whole, 0, 1);
        for (int i = whole; i < n; i++) {
            s += power == 1 ? x[xo + i] : (x[xo + i] - mean) * (x[xo + i] - mean);
        }
        return s;
    }

    /** Lane {@code l}, halves added as {@link Lanes#sum} does. */
    private static float laneSum(float[] x, int xo, float mean, int power, int n, int l, int step) {
        if (step < Lanes.N) {
            return laneSum(x, xo, mean, power, n, l, 2 * step)
                    + laneSum(x, xo, mean, power, n, l + step, 2 * step);
        }
        float s = 0;
        for (int i = l; i < n; i += Lanes.N) {
            float d = x[xo + i] - mean;
            s = power == 1 ? s + x[xo + i] : Math.fma(d, d, s);
        }
        return s;
    }

    /** The sum's vector form. */
    static final class Sum extends JitKernel {
        static final JitKernel KERNEL = new Sum();

        private Sum() {}

        @Override
        protected void call(int vectors) {
            Y[0] = simd(X, 0, vectors * Lanes.N);
        }

        static float simd(float[] x, int xo, int n) {
            FloatVector s = FloatVector.zero(Lanes.F);
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                s = s.add(Lanes.at(x, xo + i));
            }
            float sum = Lanes.sum(s);
            for (; i < n; i++) {
                sum += x[xo + i];
            }
            return sum;
        }
    }

    /** The vector form of the sum of squares. */
    static final class Squares extends JitKernel {
        static final JitKernel KERNEL = new Squares();

        private Squares() {}

        @Override
        protected void call(int vectors) {
            Y[0] = simd(X, 0, 0, vectors * Lanes.N);
        }

        static float simd(float[] x, int xo, float mean, int n) {
            FloatVector s = FloatVector.zero(Lanes.F);
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                FloatVector d = Lanes.at(x, xo + i).sub(mean);
                s = d.fma(d, s);
            }
            float sum = Lanes.sum(s);
            for (; i < n; i++) {
                float d = x[xo + i] - mean;
                sum += d * d;
            }
            return sum;
        }
    }
}
