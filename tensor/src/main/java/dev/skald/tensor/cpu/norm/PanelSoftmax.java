package dev.skald.tensor.cpu.norm;

import dev.skald.tensor.cpu.elementwise.Exp;
import dev.skald.tensor.cpu.jit.JitKernel;
import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Softmax over attention scores where the first product leaves them: a row's scores lie a panel's
 * {@code width} at a time, {@code rows * width} apart. The division by the sum comes after the
 * second product, when there are fewer values.
 */
final class PanelSoftmax {
    private static final float LOG2_E = 1.44269504f;

    private PanelSoftmax() {}

    static void exact(float[] x, int rows, int width, int panels, float scale, int inverse) {
        int step = rows * width;
        for (int r = 0; r < rows; r++) {
            float m = Float.NEGATIVE_INFINITY;
            for (int p = 0; p < panels; p++) {
                int from = r * width + p * step;
                for (int i = from; i < from + width; i++) {
                    m = Math.max(m, x[i]);
                }
            }
            double sum = 0;
            for (int p = 0; p < panels; p++) {
                int from = r * width + p * step;
                for (int i = from; i < from + width; i++) {
                    double e = Math.exp(scale * ((double) x[i] - m));
                    x[i] = (float) e;
                    sum += e;
                }
            }
            x[inverse + r] = (float) (1 / sum);
        }
    }

    static void vectors(float[] x, int rows, int width, int panels, float scale, int inverse) {
        int step = rows * width;
        float power = scale * LOG2_E;
        boolean compiled = Simd.KERNEL.isReady(step * panels);
        for (int r = 0; r < rows; r++) {
            int from = r * width;
            if (compiled) {
                float shift = -Simd.simdMax(x, from, step, panels) * power;
                x[inverse + r] = 1 / Simd.simdExp2(x, from, step, panels, power, shift);
            } else {
                x[inverse + r] = 1 / scalar(x, from, step, panels, power);
            }
        }
    }

    static float scalar(float[] x, int xo, int step, int panels, float scale) {
        int width = 2 * Lanes.N;
        float max = Float.NEGATIVE_INFINITY;
        for (int p = 0; p < panels; p++) {
            for (int i = xo + p * step; i < xo + p * step + width; i++) {
                max = Math.max(max, x[i]);
            }
        }
        for (int p = 0; p < panels; p++) {
            for (int i = xo + p * step; i < xo + p * step + width; i++) {
                x[i] = Exp.exp2(Math.fma(x[i], scale, -max * scale));
            }
        }
        return pairLanes(x, xo, step, panels, 0, 1);
    }

    private static float pairLanes(float[] x, int xo, int step, int panels, int l, int by) {
        if (by < Lanes.N) {
            return pairLanes(x, xo, step, panels, l, 2 * by)
                    + pairLanes(x, xo, step, panels, l + by, 2 * by);
        }
        float s = 0;
        for (int p = 0; p < panels; p++) {
            s += x[xo + p * step + l];
            s += x[xo + p * step + Lanes.N + l];
        }
        return s;
    }

    static void vectorsScaleRows(float[] t, int width, int rows, float[] factors, int fo) {
        if (ScaleRows.KERNEL.isReady(rows * width)) {
            ScaleRows.simd(t, rows, factors, fo);
        } else {
            scalarScaleRows(t, width, rows, factors, fo);
        }
    }

    static void scalarScaleRows(float[] t, int width, int rows, float[] factors, int fo) {
        for (int i = 0; i < rows; i++) {
            float f = factors[fo + i];
            for (int j = i * width; j < (i + 1) * width; j++) {
                t[j] *= f;
            }
        }
    }

    /** The vector form for panels of two vectors. */
    static final class Simd extends JitKernel {
        static final JitKernel KERNEL = new Simd();

        private Simd() {}

        @Override
        protected void call(int vectors) {
            Y[0] = simdExp2(Y, 0, 0, vectors, 1, -simdMax(Y, 0, 0, vectors));
        }

        /** The largest of {@code count} pairs of vectors that lie {@code step} apart. */
        static float simdMax(float[] x, int xo, int step, int count) {
            FloatVector a = Lanes.all(Float.NEGATIVE_INFINITY);
            FloatVector b = a;
            int at = xo;
            for (int p = 0; p < count; p++, at += step) {
                FloatVector v = Lanes.at(x, at);
                a = a.blend(v, v.compare(VectorOperators.GT, a));
                v = Lanes.at(x, at + Lanes.N);
                b = b.blend(v, v.compare(VectorOperators.GT, b));
            }
            return a.max(b).reduceLanes(VectorOperators.MAX);
        }

        /** Replaces such values by 2^(scale x + shift); returns their sum. */
        static float simdExp2(float[] x, int xo, int step, int count, float scale, float shift) {
            FloatVector s = FloatVector.zero(Lanes.F);
            FloatVector f = Lanes.all(scale);
            FloatVector m = Lanes.all(shift);
            // One vector a round: C2 has a budget for what it puts into one method.
            for (int i = 0; i < 2 * count; i++) {
                int at = xo + (i >> 1) * step + (i & 1) * Lanes.N;
                FloatVector e = Exp.Simd.lanesExp2(Lanes.at(x, at).fma(f, m));
                s = s.add(e);
                e.intoArray(x, at);
            }
            return Lanes.sum(s);
        }
    }

    /** The vector form of the division for panels of two vectors. */
    static final class ScaleRows extends JitKernel {
        static final JitKernel KERNEL = new ScaleRows();

        private ScaleRows() {}

        @Override
        protected void call(int vectors) {
            simd(Y, vectors, X, 0);
        }

        static void simd(float[] t, int rows, float[] factors, int fo) {
            int at = 0;
            for (int i = fo; i < fo + rows; i++, at += 2 * Lanes.N) {
                FloatVector f = Lanes.all(factors[i]);
                Lanes.at(t, at).mul(f).intoArray(t, at);
                Lanes.at(t, at + Lanes.N).mul(f).intoArray(t, at + Lanes.N);
            }
        }
    }
}
