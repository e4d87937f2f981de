package dev.skald.tensor.cpu.elementwise;

import dev.skald.tensor.cpu.jit.JitKernel;
import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;

/** x + sin(alpha x)^2 / (alpha + 1e-9), alpha a value a channel. */
final class Snake {
    private Snake() {}

    static void exact(float[] alpha, int ao, float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            double v = x[xo + i];
            double a = alpha[ao + i];
            double s = Math.sin(a * v);
            y[yo + i] = (float) (v + s * s / (a + 1e-9));
        }
    }

    static void vectors(float[] alpha, int ao, float[] x, int xo, float[] y, int yo, int n) {
        int i = Simd.KERNEL.isReady(n) ? Simd.simd(alpha, ao, x, xo, y, yo, n) : 0;
        for (; i < n; i++) {
            y[yo + i] = snake(x[xo + i], alpha[ao + i]);
        }
    }

    private static float snake(float x, float a) {
        float s = Sine.sin(x * a, 0);
        return x + s * s / (a + 1e-9f);
    }

    /** The vector form. */
    static final class Simd extends JitKernel {
        static final JitKernel KERNEL = new Simd();

        private Simd() {}

        static int simd(float[] alpha, int ao, float[] x, int xo, float[] y, int yo, int n) {
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                FloatVector v = Lanes.at(x, xo + i);
                FloatVector a = Lanes.at(alpha, ao + i);
                FloatVector s = Sine.Simd.lanesSin(v.mul(a), 0);
                v.add(s.mul(s).div(a.add(1e-9f))).intoArray(y, yo + i);
            }
            return i;
        }

        @Override
        protected void call(int vectors) {
            simd(X, 0, X, 0, Y, 0, vectors * Lanes.N);
        }
    }
}
