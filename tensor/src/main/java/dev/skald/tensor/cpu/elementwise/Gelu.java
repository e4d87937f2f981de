package dev.skald.tensor.cpu.elementwise;

import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** 0.5 x (1 + erf(x / sqrt 2)). */
final class Gelu extends UnaryFunction {
    private static final double SQRT_HALF = Math.sqrt(0.5);

    static final Gelu FUNCTION = new Gelu();

    private Gelu() {}

    @Override
    double exact(double v, float parameter) {
        return 0.5 * v * erfc(-v * SQRT_HALF);
    }

    @Override
    float scalar(float x, float parameter) {
        return gelu(x);
    }

    static float gelu(float x) {
        float z = Math.abs(x) * 0.70710678f;
        float t = Math.min(z, 4f);
        float p = Math.fma(1.01397727e-7f, t, -2.55876506e-6f);
        p = Math.fma(p, t, 2.87435818e-5f);
        p = Math.fma(p, t, -1.88092176e-4f);
        p = Math.fma(p, t, 7.71879746e-4f);
        p = Math.fma(p, t, -1.82303072e-3f);
        p = Math.fma(p, t, 2.58150395e-4f);
        p = Math.fma(p, t, 1.91213860e-2f);
        p = Math.fma(p, t, -1.02773361e-1f);
        p = Math.fma(p, t, -6.36619567e-1f);
        p = Math.fma(p, t, -1.12837917f);
        float half = Exp.exp(p * z) * 0.5f;
        return x * (x >= 0 ? 1f - half : half);
    }

    /**
     * The complementary error function: Maclaurin's series of erf in the middle, Laplace's
     * continued fraction outside (Abramowitz and Stegun 7.1.6, 7.1.14). Relative error below 1e-13.
     */
    static double erfc(double x) {
        if (x < 0) {
            return 2 - erfc(-x);
        }
        if (x < 2) {
            double term = x;
            double sum = x;
            for (int n = 1; Math.abs(term) > 1e-17 * sum; n++) {
                term *= 2 * x * x / (2 * n + 1);
                sum += term;
            }
            return 1 - 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
        }
        double f = x;
        for (int n = 60; n > 0; n--) {
            f = x + n * 0.5 / f;
        }
        return Math.exp(-x * x) / (Math.sqrt(Math.PI) * f);
    }

    @Override
    Vectors vectors() {
        return Simd.KERNEL;
    }

    /** The vector form. */
    static final class Simd extends Vectors {
        static final Vectors KERNEL = new Simd();

        private static final FloatVector ONE = Lanes.all(1f);
        private static final FloatVector HALF = Lanes.all(0.5f);
        private static final FloatVector FOUR = Lanes.all(4f);
        private static final FloatVector ZERO = Lanes.all(0f);
        private static final FloatVector SQRT_HALF = Lanes.all(0.70710678f);
        private static final FloatVector ERFC_0 = Lanes.all(1.01397727e-7f);
        private static final FloatVector ERFC_1 = Lanes.all(-2.55876506e-6f);
        private static final FloatVector ERFC_2 = Lanes.all(2.87435818e-5f);
        private static final FloatVector ERFC_3 = Lanes.all(-1.88092176e-4f);
        private static final FloatVector ERFC_4 = Lanes.all(7.71879746e-4f);
        private static final FloatVector ERFC_5 = Lanes.all(-1.82303072e-3f);
        private static final FloatVector ERFC_6 = Lanes.all(2.58150395e-4f);
        private static final FloatVector ERFC_7 = Lanes.all(1.91213860e-2f);
        private static final FloatVector ERFC_8 = Lanes.all(-1.02773361e-1f);
        private static final FloatVector ERFC_9 = Lanes.all(-6.36619567e-1f);
        private static final FloatVector ERFC_10 = Lanes.all(-1.12837917f);

        private Simd() {}

        /**
         * x / 2 erfc(-x / sqrt 2); ln erfc(z) / z is a polynomial fitted by Chebyshev on [0, 4].
         */
        static FloatVector lanesGelu(FloatVector x) {
            FloatVector z = x.abs().mul(SQRT_HALF);
            FloatVector t = Exp.Simd.lanesAtMost(z, FOUR);
            FloatVector p = ERFC_0.fma(t, ERFC_1);
            p = p.fma(t, ERFC_2);
            p = p.fma(t, ERFC_3);
            p = p.fma(t, ERFC_4);
            p = p.fma(t, ERFC_5);
            p = p.fma(t, ERFC_6);
            p = p.fma(t, ERFC_7);
            p = p.fma(t, ERFC_8);
            p = p.fma(t, ERFC_9);
            p = p.fma(t, ERFC_10);
            FloatVector half = Exp.Simd.lanesExp(p.mul(z)).mul(HALF);
            return x.mul(half.blend(ONE.sub(half), x.compare(VectorOperators.GE, ZERO)));
        }

        @Override
        int simd(float parameter, float[] x, int xo, float[] y, int yo, int n) {
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                lanesGelu(Lanes.at(x, xo + i)).intoArray(y, yo + i);
            }
            return i;
        }
    }
}
