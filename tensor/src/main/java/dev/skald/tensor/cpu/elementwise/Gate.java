package dev.skald.tensor.cpu.elementwise;

import dev.skald.tensor.cpu.jit.JitKernel;
import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;

/** Functions of two values of which the one gates the other. */
final class Gate {
    private Gate() {}

    static void exactTanh(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = (float) (Math.tanh(a[ao + i]) * Sigmoid.sigmoid((double) b[bo + i]));
        }
    }

    static void exactSilu(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            double v = a[ao + i];
            y[yo + i] = (float) (v * Sigmoid.sigmoid(v) * b[bo + i]);
        }
    }

    static void tanh(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        int i = TanhSimd.KERNEL.isReady(n) ? TanhSimd.simd(a, ao, b, bo, y, yo, n) : 0;
        for (; i < n; i++) {
            y[yo + i] = tanh(a[ao + i], b[bo + i]);
        }
    }

    private static float tanh(float a, float b) {
        float m = Exp.expm1(Math.min(a + a, 40f));
        float e = Exp.exp(Math.min(-b, 40f)) + 1f;
        return m / ((m + 2f) * e);
    }

    static void silu(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        int i = SiluSimd.KERNEL.isReady(n) ? SiluSimd.simd(a, ao, b, bo, y, yo, n) : 0;
        for (; i < n; i++) {
            y[yo + i] = Silu.silu(a[ao + i]) * b[bo + i];
        }
    }

    /** WaveNet's gate: tanh(a) sigmoid(b). */
    static final class TanhSimd extends JitKernel {
        static final JitKernel KERNEL = new TanhSimd();

        private static final FloatVector ONE = Lanes.all(1f);
        private static final FloatVector TWO = Lanes.all(2f);
        private static final FloatVector FORTY = Lanes.all(40f);

        private TanhSimd() {}

        /** With one division for both functions. */
        private static FloatVector lanesTanh(FloatVector a, FloatVector b) {
            FloatVector m = Exp.Simd.lanesExpm1(Exp.Simd.lanesAtMost(a.add(a), FORTY));
            FloatVector e = Exp.Simd.lanesExp(Exp.Simd.lanesAtMost(b.neg(), FORTY)).add(ONE);
            return m.div(m.add(TWO).mul(e));
        }

        static int simd(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                lanesTanh(Lanes.at(a, ao + i), Lanes.at(b, bo + i)).intoArray(y, yo + i);
            }
            return i;
        }

        @Override
        protected void call(int vectors) {
            simd(X, 0, X, 0, Y, 0, vectors * Lanes.N);
        }
    }

    /** SwiGLU's gate: silu(a) b. */
    static final class SiluSimd extends JitKernel {
        static final JitKernel KERNEL = new SiluSimd();

        private SiluSimd() {}

        static int simd(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                Silu.Simd.lanesSilu(Lanes.at(a, ao + i))
                        .mul(Lanes.at(b, bo + i))
                        .intoArray(y, yo + i);
            }
            return i;
        }

        @Override
        protected void call(int vectors) {
            simd(X, 0, X, 0, Y, 0, vectors * Lanes.N);
        }
    }
}
