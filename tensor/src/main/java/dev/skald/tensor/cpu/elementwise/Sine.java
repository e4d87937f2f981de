package dev.skald.tensor.cpu.elementwise;

import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * sin x (parameter 0) or cos x (parameter 1). The coefficients are those of Cephes (Moshier 1989).
 */
final class Sine extends UnaryFunction {
    private static final float ROUND = 12582912f;

    /** Beyond it the range reduction loses places. */
    static final float FAR = 1e5f;

    static final Sine FUNCTION = new Sine();

    private Sine() {}

    @Override
    double exact(double v, float parameter) {
        return parameter == 0 ? Math.sin(v) : Math.cos(v);
    }

    @Override
    float scalar(float x, float parameter) {
        return sin(x, (int) parameter);
    }

    static float sin(float x, int quarter) {
        if (!(Math.abs(x) <= FAR)) {
            return (float) (quarter == 0 ? Math.sin(x) : Math.cos(x));
        }
        float k = x * 0.636619772f + ROUND;
        int q = Float.floatToRawIntBits(k) + quarter;
        float n = k - ROUND;
        float r = Math.fma(n, -1.57079637f, x);
        r = Math.fma(n, 4.37113883e-8f, r);
        r = Math.fma(n, 1.71512451e-15f, r);
        float z = r * r;
        float y;
        if ((q & 1) == 0) {
            float s = Math.fma(-1.9515295891e-4f, z, 8.3321608736e-3f);
            y = Math.fma(Math.fma(s, z, -1.6666654611e-1f) * z, r, r);
        } else {
            float o = Math.fma(2.443315711809948e-5f, z, -1.388731625493765e-3f);
            y = Math.fma(Math.fma(o, z, 4.166664568298827e-2f) * z, z, z * -0.5f + 1f);
        }
        return Float.intBitsToFloat(Float.floatToRawIntBits(y) ^ (q & 2) << 30);
    }

    @Override
    Vectors vectors() {
        return Simd.KERNEL;
    }

    /** The vector form. */
    static final class Simd extends Vectors {
        static final Vectors KERNEL = new Simd();

        private static final FloatVector ROUND_V = Lanes.all(ROUND);
        private static final FloatVector ONE = Lanes.all(1f);
        private static final FloatVector MINUS_HALF = Lanes.all(-0.5f);
        private static final FloatVector TWO_OVER_PI = Lanes.all(0.636619772f);
        private static final FloatVector MINUS_HALF_PI_0 = Lanes.all(-1.57079637f);
        private static final FloatVector MINUS_HALF_PI_1 = Lanes.all(4.37113883e-8f);
        private static final FloatVector MINUS_HALF_PI_2 = Lanes.all(1.71512451e-15f);
        private static final FloatVector SIN_0 = Lanes.all(-1.9515295891e-4f);
        private static final FloatVector SIN_1 = Lanes.all(8.3321608736e-3f);
        private static final FloatVector SIN_2 = Lanes.all(-1.6666654611e-1f);
        private static final FloatVector COS_0 = Lanes.all(2.443315711809948e-5f);
        private static final FloatVector COS_1 = Lanes.all(-1.388731625493765e-3f);
        private static final FloatVector COS_2 = Lanes.all(4.166664568298827e-2f);

        private Simd() {}

        /** sin x (quarter 0) or cos x (quarter 1), for |x| up to 1e5. */
        static FloatVector lanesSin(FloatVector x, int quarter) {
            FloatVector k = x.mul(TWO_OVER_PI).add(ROUND_V);
            IntVector q = k.reinterpretAsInts().add(quarter);
            FloatVector n = k.sub(ROUND_V);
            // pi / 2 in three parts; the multiply-add keeps each product exact.
            FloatVector r = n.fma(MINUS_HALF_PI_0, x);
            r = n.fma(MINUS_HALF_PI_1, r);
            r = n.fma(MINUS_HALF_PI_2, r);
            FloatVector z = r.mul(r);
            FloatVector s = SIN_0.fma(z, SIN_1);
            s = s.fma(z, SIN_2).mul(z).fma(r, r);
            FloatVector o = COS_0.fma(z, COS_1);
            o = o.fma(z, COS_2).mul(z).fma(z, z.mul(MINUS_HALF).add(ONE));
            VectorMask<Float> odd =
                    q.lanewise(VectorOperators.AND, 1).compare(VectorOperators.NE, 0).cast(Lanes.F);
            FloatVector y = s.blend(o, odd);
            IntVector sign = q.lanewise(VectorOperators.AND, 2).lanewise(VectorOperators.LSHL, 30);
            return y.reinterpretAsInts().lanewise(VectorOperators.XOR, sign).reinterpretAsFloats();
        }

        @Override
        int simd(float parameter, float[] x, int xo, float[] y, int yo, int n) {
            int quarter = (int) parameter;
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                FloatVector v = Lanes.at(x, xo + i);
                VectorMask<Float> near = v.abs().compare(VectorOperators.LE, FAR);
                if (near.allTrue()) {
                    lanesSin(v, quarter).intoArray(y, yo + i);
                } else {
                    simdFar(quarter, x, xo + i, y, yo + i);
                }
            }
            return i;
        }

        private static void simdFar(int quarter, float[] x, int xo, float[] y, int yo) {
            for (int i = 0; i < Lanes.N; i++) {
                y[yo + i] = Sine.sin(x[xo + i], quarter);
            }
        }
    }
}
