package dev.skald.tensor.cpu.conv;

import dev.skald.tensor.cpu.jit.JitKernel;
import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;

/** The two transforms of {@link Winograd}: value by value over rows that lie a step apart. */
final class WinogradTransforms {
    /** Rows that {@link #toOutputs} may write. */
    static final int MOST_OUTPUTS = 7;

    private final boolean vectors;

    WinogradTransforms(boolean vectors) {
        this.vectors = vectors;
    }

    /**
     * Evaluates eight rows of n values, {@code step} apart, at the points: n values a point, {@code
     * pointStep} apart; n is a multiple of 16.
     */
    void toPoints(float[] x, int xo, int step, float[] v, int vo, int pointStep, int n) {
        if (vectors && ToPoints.KERNEL.awaitReady()) {
            ToPoints.simd(x, xo, step, v, vo, pointStep, n);
        } else {
            scalarToPoints(x, xo, step, v, vo, pointStep, n);
        }
    }

    /**
     * Interpolates outputs from the sums at the points, {@code pointStep} apart: 4 to 7 rows of
     * {@code step} values one behind the other; step is a multiple of the panel's columns. What
     * lies in the place of the rows up to the {@link #MOST_OUTPUTS}th is lost.
     */
    void toOutputs(float[] t, int to, int pointStep, int outputs, float[] y, int yo, int step) {
        if (vectors && ToOutputs.KERNEL.awaitReady()) {
            ToOutputs.simd(t, to, pointStep, outputs, y, yo, step);
        } else {
            scalarToOutputs(t, to, pointStep, outputs, y, yo, step);
        }
    }

    private static void scalarToPoints(
            float[] x, int xo, int step, float[] v, int vo, int pointStep, int n) {
        for (int i = 0; i < n; i++) {
            int f = xo + i;
            int o = vo + i;
            float x1 = x[f + step];
            float x2 = x[f + 2 * step];
            float x3 = x[f + 3 * step];
            float x4 = x[f + 4 * step];
            float x5 = x[f + 5 * step];
            float x6 = x[f + 6 * step];
            float even = Math.fma(x4, -4.25f, x2 + x6);
            float odd = Math.fma(x3, -4.25f, x1 + x5);
            v[o + pointStep] = even + odd;
            v[o + 2 * pointStep] = even - odd;
            float o3 = x3 * -2.5f;
            even = Math.fma(x2, 0.25f, Math.fma(x4, -1.25f, x6));
            odd = Math.fma(x1, 0.5f, Math.fma(x5, 2, o3));
            v[o + 3 * pointStep] = even + odd;
            v[o + 4 * pointStep] = even - odd;
            even = Math.fma(x2, 4, Math.fma(x4, -5, x6));
            odd = Math.fma(x1, 2, Math.fma(x5, 0.5f, o3));
            v[o + 5 * pointStep] = even + odd;
            v[o + 6 * pointStep] = even - odd;
            v[o] = Math.fma(x2 - x4, 5.25f, x6 - x[f]);
            v[o + 7 * pointStep] = Math.fma(x3 - x5, 5.25f, x[f + 7 * step] - x1);
        }
    }

    private static void scalarToOutputs(
            float[] t, int to, int pointStep, int outputs, float[] y, int yo, int step) {
        for (int i = 0; i < step; i++) {
            int f = to + i;
            int o = yo + i;
            float e1 = t[f + pointStep] + t[f + 2 * pointStep];
            float o1 = t[f + pointStep] - t[f + 2 * pointStep];
            float e2 = t[f + 3 * pointStep] + t[f + 4 * pointStep];
            float o2 = t[f + 3 * pointStep] - t[f + 4 * pointStep];
            float e3 = t[f + 5 * pointStep] + t[f + 6 * pointStep];
            float o3 = t[f + 5 * pointStep] - t[f + 6 * pointStep];
            y[o] = (t[f] + e1) + (e2 + e3);
            for (int j = 1; j < outputs; j++) {
                float power = 1 << j;
                y[o + j * step] =
                        j % 2 == 0
                                ? Math.fma(e2, power, Math.fma(e3, 1 / power, e1))
                                : Math.fma(o2, power, Math.fma(o3, 1 / power, o1));
            }
            y[o + (outputs - 1) * step] += t[f + 7 * pointStep];
        }
    }

    /** The vector form. */
    static final class ToPoints extends JitKernel {
        static final JitKernel KERNEL = new ToPoints();

        private static final FloatVector P2 = Lanes.all(2);
        private static final FloatVector P4 = Lanes.all(4);
        private static final FloatVector P05 = Lanes.all(0.5f);
        private static final FloatVector P025 = Lanes.all(0.25f);
        private static final FloatVector P525 = Lanes.all(5.25f);
        private static final FloatVector M425 = Lanes.all(-4.25f);
        private static final FloatVector M25 = Lanes.all(-2.5f);
        private static final FloatVector M125 = Lanes.all(-1.25f);
        private static final FloatVector M5 = Lanes.all(-5);

        private ToPoints() {}

        @Override
        protected void call(int vectors) {
            simd(X, 0, 0, Y, 0, 0, Math.min(vectors, 8) * Lanes.N);
        }

        static void simd(float[] x, int xo, int step, float[] v, int vo, int pointStep, int n) {
            for (int i = 0; i < n; i += Lanes.N) {
                int f = xo + i;
                FloatVector x1 = Lanes.at(x, f + step);
                FloatVector x2 = Lanes.at(x, f + 2 * step);
                FloatVector x3 = Lanes.at(x, f + 3 * step);
                FloatVector x4 = Lanes.at(x, f + 4 * step);
                FloatVector x5 = Lanes.at(x, f + 5 * step);
                FloatVector x6 = Lanes.at(x, f + 6 * step);
                int o = vo + i;
                FloatVector even = x4.fma(M425, x2.add(x6));
                FloatVector odd = x3.fma(M425, x1.add(x5));
                even.add(odd).intoArray(v, o + pointStep);
                even.sub(odd).intoArray(v, o + 2 * pointStep);
                FloatVector o3 = x3.mul(M25);
                even = x2.fma(P025, x4.fma(M125, x6));
                odd = x1.fma(P05, x5.fma(P2, o3));
                even.add(odd).intoArray(v, o + 3 * pointStep);
                even.sub(odd).intoArray(v, o + 4 * pointStep);
                even = x2.fma(P4, x4.fma(M5, x6));
                odd = x1.fma(P2, x5.fma(P05, o3));
                even.add(odd).intoArray(v, o + 5 * pointStep);
                even.sub(odd).intoArray(v, o + 6 * pointStep);
                x2.sub(x4).fma(P525, x6.sub(Lanes.at(x, f))).intoArray(v, o);
                x3.sub(x5)
                        .fma(P525, Lanes.at(x, f + 7 * step).sub(x1))
                        .intoArray(v, o + 7 * pointStep);
            }
        }
    }

    /** The vector form. */
    static final class ToOutputs extends JitKernel {
        static final JitKernel KERNEL = new ToOutputs();

        private static final FloatVector P2 = Lanes.all(2);
        private static final FloatVector P4 = Lanes.all(4);
        private static final FloatVector P8 = Lanes.all(8);
        private static final FloatVector P16 = Lanes.all(16);
        private static final FloatVector P32 = Lanes.all(32);
        private static final FloatVector P64 = Lanes.all(64);
        private static final FloatVector P05 = Lanes.all(0.5f);
        private static final FloatVector P025 = Lanes.all(0.25f);
        private static final FloatVector P0125 = Lanes.all(0.125f);
        private static final FloatVector P00625 = Lanes.all(0.0625f);
        private static final FloatVector P003125 = Lanes.all(0.03125f);
        private static final FloatVector P0015625 = Lanes.all(0.015625f);
        private static final FloatVector ONE = Lanes.all(1);
        private static final FloatVector ZERO = Lanes.all(0);

        private ToOutputs() {}

        @Override
        protected void call(int vectors) {
            simd(X, 0, 0, 4 + vectors % 4, Y, 0, Math.min(vectors, 8) * Lanes.N);
        }

        /**
         * All seven rows, whoever reads them: with a branch for each that may be left out, C2 makes
         * a loop for each number of rows and takes eight times as long.
         */
        static void simd(
                float[] t, int to, int pointStep, int outputs, float[] y, int yo, int step) {
            FloatVector last4 = outputs == 4 ? ONE : ZERO;
            FloatVector last5 = outputs == 5 ? ONE : ZERO;
            FloatVector last6 = outputs == 6 ? ONE : ZERO;
            FloatVector last7 = outputs == 7 ? ONE : ZERO;
            for (int i = 0; i < step; i += Lanes.N) {
                int f = to + i;
                int o = yo + i;
                FloatVector a = Lanes.at(t, f + pointStep);
                FloatVector b = Lanes.at(t, f + 2 * pointStep);
                FloatVector e1 = a.add(b);
                FloatVector o1 = a.sub(b);
                a = Lanes.at(t, f + 3 * pointStep);
                b = Lanes.at(t, f + 4 * pointStep);
                FloatVector e2 = a.add(b);
                FloatVector o2 = a.sub(b);
                a = Lanes.at(t, f + 5 * pointStep);
                b = Lanes.at(t, f + 6 * pointStep);
                FloatVector e3 = a.add(b);
                FloatVector o3 = a.sub(b);
                FloatVector end = Lanes.at(t, f + 7 * pointStep);
                Lanes.at(t, f).add(e1).add(e2.add(e3)).intoArray(y, o);
                o2.fma(P2, o3.fma(P05, o1)).intoArray(y, o + step);
                e2.fma(P4, e3.fma(P025, e1)).intoArray(y, o + 2 * step);
                end.fma(last4, o2.fma(P8, o3.fma(P0125, o1))).intoArray(y, o + 3 * step);
                end.fma(last5, e2.fma(P16, e3.fma(P00625, e1))).intoArray(y, o + 4 * step);
                end.fma(last6, o2.fma(P32, o3.fma(P003125, o1))).intoArray(y, o + 5 * step);
                end.fma(last7, e2.fma(P64, e3.fma(P0015625, e1))).intoArray(y, o + 6 * step);
            }
        }
    }
}
