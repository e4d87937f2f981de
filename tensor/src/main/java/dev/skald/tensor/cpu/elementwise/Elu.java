package dev.skald.tensor.cpu.elementwise;

import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** x above zero, alpha (e^x - 1) below. */
final class Elu extends UnaryFunction {
    static final Elu FUNCTION = new Elu();

    private Elu() {}

    @Override
    double exact(double v, float parameter) {
        return v > 0 ? v : parameter * Math.expm1(v);
    }

    @Override
    float scalar(float x, float parameter) {
        return elu(x, parameter);
    }

    static float elu(float x, float alpha) {
        return x > 0 ? x : Exp.expm1(Math.min(x, 0f)) * alpha;
    }

    @Override
    Vectors vectors() {
        return Simd.KERNEL;
    }

    /** The vector form. */
    static final class Simd extends Vectors {
        static final Vectors KERNEL = new Simd();

        private static final FloatVector ZERO = Lanes.all(0f);

        private Simd() {}

        static FloatVector lanesElu(FloatVector x, float alpha) {
            return Exp.Simd.lanesExpm1(Exp.Simd.lanesAtMost(x, ZERO))
                    .mul(alpha)
                    .blend(x, x.compare(VectorOperators.GT, ZERO));
        }

        @Override
        int simd(float parameter, float[] x, int xo, float[] y, int yo, int n) {
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                lanesElu(Lanes.at(x, xo + i), parameter).intoArray(y, yo + i);
            }
            return i;
        }
    }
}
