package dev.skald.tensor.cpu.elementwise;

import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** ln(max(x, parameter)). The coefficients are those of Cephes (Moshier 1989). */
final class Log extends UnaryFunction {
    static final Log FUNCTION = new Log();

    private Log() {}

    @Override
    double exact(double v, float parameter) {
        return Math.log(Math.max(v, parameter));
    }

    @Override
    float scalar(float x, float parameter) {
        return log(Math.max(x, parameter));
    }

    static float log(float x) {
        int shifted = Float.floatToRawIntBits(x) - 0x3f3504f3;
        float n = shifted >> 23;
        float m = Float.intBitsToFloat((shifted & 0x7fffff) + 0x3f3504f3) - 1f;
        float z = m * m;
        float y = Math.fma(7.0376836292e-2f, m, -1.1514610310e-1f);
        y = Math.fma(y, m, 1.1676998740e-1f);
        y = Math.fma(y, m, -1.2420140846e-1f);
        y = Math.fma(y, m, 1.4249322787e-1f);
        y = Math.fma(y, m, -1.6668057665e-1f);
        y = Math.fma(y, m, 2.0000714765e-1f);
        y = Math.fma(y, m, -2.4999993993e-1f);
        y = Math.fma(y, m, 3.3333331174e-1f);
        y = y * m * z;
        y = Math.fma(n, -2.12194440e-4f, y);
        y = Math.fma(z, -0.5f, y);
        return Math.fma(n, 0.693359375f, m + y);
    }

    @Override
    Vectors vectors() {
        return Simd.KERNEL;
    }

    /** The vector form. */
    static final class Simd extends Vectors {
        static final Vectors KERNEL = new Simd();

        private static final FloatVector ONE = Lanes.all(1f);
        private static final FloatVector MINUS_HALF = Lanes.all(-0.5f);
        private static final FloatVector LN2_HIGH = Lanes.all(0.693359375f);
        private static final FloatVector LN2_LOW = Lanes.all(-2.12194440e-4f);
        private static final FloatVector LOG_0 = Lanes.all(7.0376836292e-2f);
        private static final FloatVector LOG_1 = Lanes.all(-1.1514610310e-1f);
        private static final FloatVector LOG_2 = Lanes.all(1.1676998740e-1f);
        private static final FloatVector LOG_3 = Lanes.all(-1.2420140846e-1f);
        private static final FloatVector LOG_4 = Lanes.all(1.4249322787e-1f);
        private static final FloatVector LOG_5 = Lanes.all(-1.6668057665e-1f);
        private static final FloatVector LOG_6 = Lanes.all(2.0000714765e-1f);
        private static final FloatVector LOG_7 = Lanes.all(-2.4999993993e-1f);
        private static final FloatVector LOG_8 = Lanes.all(3.3333331174e-1f);

        private Simd() {}

        /** ln x of a normal number above zero. */
        static FloatVector lanesLog(FloatVector x) {
            IntVector bits = x.reinterpretAsInts();
            // Mantissa in [sqrt 1/2, sqrt 2).
            IntVector shifted = bits.sub(0x3f3504f3);
            IntVector e = shifted.lanewise(VectorOperators.ASHR, 23);
            FloatVector m =
                    shifted.lanewise(VectorOperators.AND, 0x7fffff)
                            .add(0x3f3504f3)
                            .reinterpretAsFloats()
                            .sub(ONE);
            FloatVector n = (FloatVector) e.convertShape(VectorOperators.I2F, Lanes.F, 0);
            FloatVector z = m.mul(m);
            FloatVector y = LOG_0.fma(m, LOG_1);
            y = y.fma(m, LOG_2);
            y = y.fma(m, LOG_3);
            y = y.fma(m, LOG_4);
            y = y.fma(m, LOG_5);
            y = y.fma(m, LOG_6);
            y = y.fma(m, LOG_7);
            y = y.fma(m, LOG_8);
            y = y.mul(m).mul(z);
            y = n.fma(LN2_LOW, y);
            y = z.fma(MINUS_HALF, y);
            return n.fma(LN2_HIGH, m.add(y));
        }

        @Override
        int simd(float parameter, float[] x, int xo, float[] y, int yo, int n) {
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                lanesLog(Lanes.at(x, xo + i).max(parameter)).intoArray(y, yo + i);
            }
            return i;
        }
    }
}
