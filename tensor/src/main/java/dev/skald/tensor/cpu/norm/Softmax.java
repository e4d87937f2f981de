package dev.skald.tensor.cpu.norm;

import dev.skald.tensor.cpu.elementwise.Exp;
import dev.skald.tensor.cpu.jit.JitKernel;
import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** softmax(scale x) of a row; in place allowed. */
final class Softmax {
    private Softmax() {}

    static void exact(float[] x, int xo, float scale, float[] y, int yo, int n) {
        float m = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            m = Math.max(m, scale * x[xo + i]);
        }
        double sum = 0;
        for (int i = 0; i < n; i++) {
            double e = Math.exp(scale * x[xo + i] - m);
            y[yo + i] = (float) e;
            sum += e;
        }
        float inverse = (float) (1 / sum);
        for (int i = 0; i < n; i++) {
            y[yo + i] *= inverse;
        }
    }

    static void vectors(float[] x, int xo, float scale, float[] y, int yo, int n) {
        if (Simd.KERNEL.isReady(n)) {
            Simd.simd(x, xo, scale, y, yo, n);
        } else {
            scalar(x, xo, scale, y, yo, n);
        }
    }

    private static void scalar(float[] x, int xo, float scale, float[] y, int yo, int n) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            max = Math.max(max, x[xo + i] * scale);
        }
        for (int i = 0; i < n; i++) {
            y[yo + i] = Exp.exp(x[xo + i] * scale - max);
        }
        float f = 1 / RowSums.scalar(y, yo, 0, 1, n);
        for (int i = 0; i < n; i++) {
            y[yo + i] *= f;
        }
    }

    /** The vector form. */
    static final class Simd extends JitKernel {
        static final JitKernel KERNEL = new Simd();

        private Simd() {}

        @Override
        protected void call(int vectors) {
            simd(X, 0, 1, Y, 0, vectors * Lanes.N);
        }

        static void simd(float[] x, int xo, float scale, float[] y, int yo, int n) {
            float max = simdMax(x, xo, scale, n);
            float sum = simdExp(x, xo, scale, max, y, yo, n);
            simdScale(y, yo, 1 / sum, n);
        }

        private static float simdMax(float[] x, int xo, float scale, int n) {
            FloatVector m = Lanes.all(Float.NEGATIVE_INFINITY);
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                FloatVector v = Lanes.at(x, xo + i).mul(scale);
                m = m.blend(v, v.compare(VectorOperators.GT, m));
            }
            float max = m.reduceLanes(VectorOperators.MAX);
            for (; i < n; i++) {
                max = Math.max(max, x[xo + i] * scale);
            }
            return max;
        }

        private static float simdExp(
                float[] x, int xo, float scale, float max, float[] y, int yo, int n) {
            FloatVector s = FloatVector.zero(Lanes.F);
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                FloatVector e = Exp.Simd.lanesExp(Lanes.at(x, xo + i).mul(scale).sub(max));
                s = s.add(e);
                e.intoArray(y, yo + i);
            }
            float sum = Lanes.sum(s);
            for (; i < n; i++) {
                float e = Exp.exp(x[xo + i] * scale - max);
                y[yo + i] = e;
                sum += e;
            }
            return sum;
        }

        private static void simdScale(float[] y, int yo, float f, int n) {
            for (int i = 0; i < n; i++) {
                y[yo + i] *= f;
            }
        }
    }
}
