package dev.skald.tensor.cpu.elementwise;

import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;

/** GELU in GPT-2's form: x sigmoid(2 sqrt(2 / pi) (x + 0.044715 x^3)). */
final class GeluTanh extends UnaryFunction {
    private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

    static final GeluTanh FUNCTION = new GeluTanh();

    private GeluTanh() {}

    @Override
    double exact(double v, float parameter) {
        return v * Sigmoid.sigmoid(2 * SQRT_2_OVER_PI * (v + 0.044715 * v * v * v));
    }

    @Override
    float scalar(float x, float parameter) {
        return geluTanh(x);
    }

    static float geluTanh(float x) {
        float u = Math.fma(x * x, x * 0.044715f, x) * -1.5957691216f;
        return x / (Exp.exp(u) + 1f);
    }

    @Override
    Vectors vectors() {
        return Simd.KERNEL;
    }

    /** The vector form. */
    static final class Simd extends Vectors {
        static final Vectors KERNEL = new Simd();

        private static final FloatVector ONE = Lanes.all(1f);
        private static final FloatVector CUBIC = Lanes.all(0.044715f);
        private static final FloatVector TANH_GELU = Lanes.all(-1.5957691216f);

        private Simd() {}

        static FloatVector lanesGeluTanh(FloatVector x) {
            FloatVector u = x.mul(x).fma(x.mul(CUBIC), x).mul(TANH_GELU);
            return x.div(Exp.Simd.lanesExp(u).add(ONE));
        }

        @Override
        int simd(float parameter, float[] x, int xo, float[] y, int yo, int n) {
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                lanesGeluTanh(Lanes.at(x, xo + i)).intoArray(y, yo + i);
            }
            return i;
        }
    }
}
