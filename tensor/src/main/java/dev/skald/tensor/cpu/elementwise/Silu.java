package dev.skald.tensor.cpu.elementwise;

import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;

/** x sigmoid(x). */
final class Silu extends UnaryFunction {
    static final Silu FUNCTION = new Silu();

    private Silu() {}

    @Override
    double exact(double v, float parameter) {
        return v * Sigmoid.sigmoid(v);
    }

    @Override
    float scalar(float x, float parameter) {
        return silu(x);
    }

    static float silu(float x) {
        return x / (Exp.exp(-x) + 1f);
    }

    @Override
    Vectors vectors() {
        return Simd.KERNEL;
    }

    /** The vector form. */
    static final class Simd extends Vectors {
        static final Vectors KERNEL = new Simd();

        private static final FloatVector ONE = Lanes.all(1f);

        private Simd() {}

        static FloatVector lanesSilu(FloatVector x) {
            return x.div(Exp.Simd.lanesExp(x.neg()).add(ONE));
        }

        @Override
        int simd(float parameter, float[] x, int xo, float[] y, int yo, int n) {
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                lanesSilu(Lanes.at(x, xo + i)).intoArray(y, yo + i);
            }
            return i;
        }
    }
}
