package dev.skald.tensor.cpu.elementwise;

import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** e^x, e^x - 1 and 2^x. The coefficients of e^x are those of Cephes (Moshier 1989). */
public final class Exp extends UnaryFunction {
    /** Adding it rounds to an integer and leaves that in the low bits. */
    private static final float ROUND = 12582912f;

    static final Exp FUNCTION = new Exp();

    private Exp() {}

    @Override
    double exact(double v, float parameter) {
        return Math.exp(v);
    }

    @Override
    float scalar(float x, float parameter) {
        return exp(x);
    }

    public static float exp(float x) {
        float v = Math.min(Math.max(x, -87f), 88f);
        float n = (v * 1.44269504f + ROUND) - ROUND;
        return (expm1Part(v, n) + 1f) * power(n);
    }

    static float expm1(float x) {
        float v = Math.min(Math.max(x, -87f), 88f);
        float n = (v * 1.44269504f + ROUND) - ROUND;
        float s = power(n);
        return Math.fma(expm1Part(v, n), s, s - 1f);
    }

    private static float expm1Part(float v, float n) {
        float r = Math.fma(n, -0.693359375f, v);
        r = Math.fma(n, 2.12194440e-4f, r);
        float y = Math.fma(1.9875691500e-4f, r, 1.3981999507e-3f);
        y = Math.fma(y, r, 8.3334519073e-3f);
        y = Math.fma(y, r, 4.1665795894e-2f);
        y = Math.fma(y, r, 1.6666665459e-1f);
        y = Math.fma(y, r, 5.0000001201e-1f);
        return Math.fma(y, r * r, r);
    }

    private static float power(float n) {
        return Float.intBitsToFloat(Float.floatToRawIntBits(n + (ROUND + 127)) << 23);
    }

    public static float exp2(float x) {
        float v = Math.max(x, -126f);
        float k = v + (ROUND + 127);
        float r = v - (k - (ROUND + 127));
        float y = Math.fma(1.5353362e-4f, r, 1.3398874e-3f);
        y = Math.fma(y, r, 9.6184370e-3f);
        y = Math.fma(y, r, 5.5503324e-2f);
        y = Math.fma(y, r, 2.4022648e-1f);
        y = Math.fma(y, r, 6.9314720e-1f);
        y = Math.fma(y, r, 1f);
        return y * Float.intBitsToFloat(Float.floatToRawIntBits(k) << 23);
    }

    @Override
    Vectors vectors() {
        return Simd.KERNEL;
    }

    /** The vector form. */
    public static final class Simd extends Vectors {
        static final Vectors KERNEL = new Simd();

        private static final FloatVector LOW = Lanes.all(-87f);
        private static final FloatVector HIGH = Lanes.all(88f);
        private static final FloatVector LOG2_E = Lanes.all(1.44269504f);
        private static final FloatVector ROUND_V = Lanes.all(ROUND);
        private static final FloatVector ROUND_BIAS = Lanes.all(ROUND + 127);
        private static final FloatVector ONE = Lanes.all(1f);
        private static final FloatVector LN2_HIGH_NEG = Lanes.all(-0.693359375f);
        private static final FloatVector LN2_LOW_NEG = Lanes.all(2.12194440e-4f);
        private static final FloatVector EXP_0 = Lanes.all(1.9875691500e-4f);
        private static final FloatVector EXP_1 = Lanes.all(1.3981999507e-3f);
        private static final FloatVector EXP_2 = Lanes.all(8.3334519073e-3f);
        private static final FloatVector EXP_3 = Lanes.all(4.1665795894e-2f);
        private static final FloatVector EXP_4 = Lanes.all(1.6666665459e-1f);
        private static final FloatVector EXP_5 = Lanes.all(5.0000001201e-1f);
        private static final FloatVector LEAST_POWER = Lanes.all(-126f);
        private static final FloatVector EXP2_1 = Lanes.all(6.9314720e-1f);
        private static final FloatVector EXP2_2 = Lanes.all(2.4022648e-1f);
        private static final FloatVector EXP2_3 = Lanes.all(5.5503324e-2f);
        private static final FloatVector EXP2_4 = Lanes.all(9.6184370e-3f);
        private static final FloatVector EXP2_5 = Lanes.all(1.3398874e-3f);
        private static final FloatVector EXP2_6 = Lanes.all(1.5353362e-4f);

        private Simd() {}

        /** e^x for x up to 88, e^88 above; from -87 down it stays at e^-87. */
        public static FloatVector lanesExp(FloatVector x) {
            FloatVector v = lanesClamped(x);
            FloatVector n = v.mul(LOG2_E).add(ROUND_V).sub(ROUND_V);
            return lanesExpm1Part(v, n).add(ONE).mul(lanesPower(n));
        }

        /** e^x - 1, exact near zero, with the limits of {@link #lanesExp}. */
        static FloatVector lanesExpm1(FloatVector x) {
            FloatVector v = lanesClamped(x);
            FloatVector n = v.mul(LOG2_E).add(ROUND_V).sub(ROUND_V);
            FloatVector s = lanesPower(n);
            return lanesExpm1Part(v, n).fma(s, s.sub(ONE));
        }

        /** By comparing: a vector's own minimum and maximum take three times the instructions. */
        private static FloatVector lanesClamped(FloatVector x) {
            FloatVector v = x.blend(LOW, x.compare(VectorOperators.LT, LOW));
            return v.blend(HIGH, v.compare(VectorOperators.GT, HIGH));
        }

        /** The smaller of the two, for the same reason. */
        static FloatVector lanesAtMost(FloatVector x, FloatVector limit) {
            return x.blend(limit, x.compare(VectorOperators.GT, limit));
        }

        /** e^(v - n ln 2) - 1. */
        private static FloatVector lanesExpm1Part(FloatVector v, FloatVector n) {
            FloatVector r = n.fma(LN2_HIGH_NEG, v);
            r = n.fma(LN2_LOW_NEG, r);
            FloatVector y = EXP_0.fma(r, EXP_1);
            y = y.fma(r, EXP_2);
            y = y.fma(r, EXP_3);
            y = y.fma(r, EXP_4);
            y = y.fma(r, EXP_5);
            return y.fma(r.mul(r), r);
        }

        /** 2^n for whole n from -126 to 127. */
        private static FloatVector lanesPower(FloatVector n) {
            return n.add(ROUND_BIAS)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 23)
                    .reinterpretAsFloats();
        }

        /**
         * 2^x for x up to 127; from -126 down it stays at 2^-126. The polynomial is fitted for the
         * least relative error on [-1/2, 1/2].
         */
        public static FloatVector lanesExp2(FloatVector x) {
            FloatVector v = x.blend(LEAST_POWER, x.compare(VectorOperators.LT, LEAST_POWER));
            FloatVector k = v.add(ROUND_BIAS);
            FloatVector r = v.sub(k.sub(ROUND_BIAS));
            FloatVector y = EXP2_6.fma(r, EXP2_5);
            y = y.fma(r, EXP2_4);
            y = y.fma(r, EXP2_3);
            y = y.fma(r, EXP2_2);
            y = y.fma(r, EXP2_1);
            y = y.fma(r, ONE);
            return y.mul(
                    k.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
        }

        @Override
        int simd(float parameter, float[] x, int xo, float[] y, int yo, int n) {
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                lanesExp(Lanes.at(x, xo + i)).intoArray(y, yo + i);
            }
            return i;
        }
    }
}
