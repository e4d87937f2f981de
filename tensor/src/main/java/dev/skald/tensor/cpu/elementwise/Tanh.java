package dev.skald.tensor.cpu.elementwise;

import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;

/** tanh x = (e^2x - 1) / (e^2x + 1). */
final class Tanh extends UnaryFunction {
    static final Tanh FUNCTION = new Tanh();

    private Tanh() {}

    @Override
    double exact(double v, float parameter) {
        return Math.tanh(v);
    }

    @Override
    float scalar(float x, float parameter) {
        return tanh(x);
    }

    static float tanh(float x) {
        float m = Exp.expm1(Math.min(x + x, 40f));
        return m / (m + 2f);
    }

    @Override
    Vectors vectors() {
        return Simd.KERNEL;
    }

    /** The vector form. */
    static final class Simd extends Vectors {
        static final Vectors KERNEL = new Simd();

        private static final FloatVector TWO = Lanes.all(2f);
        private static final FloatVector FORTY = Lanes.all(40f);

        private Simd() {}

        static FloatVector lanesTanh(FloatVector x) {
            FloatVector m = Exp.Simd.lanesExpm1(Exp.Simd.lanesAtMost(x.add(x), FORTY));
            return m.div(m.add(TWO));
        }

        @Override
        int simd(float parameter, float[] x, int xo, float[] y, int yo, int n) {
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                lanesTanh(Lanes.at(x, xo + i)).intoArray(y, yo + i);
            }
            return i;
        }
    }
}
