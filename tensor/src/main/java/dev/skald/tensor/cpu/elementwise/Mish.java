package dev.skald.tensor.cpu.elementwise;

import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;

/** x tanh(softplus(x)). */
final class Mish extends UnaryFunction {
    static final Mish FUNCTION = new Mish();

    private Mish() {}

    @Override
    double exact(double v, float parameter) {
        return v * Math.tanh(v > 30 ? v : Math.log1p(Math.exp(v)));
    }

    @Override
    float scalar(float x, float parameter) {
        return mish(x);
    }

    static float mish(float x) {
        float e = Exp.exp(Math.min(x, 20f));
        float u = Math.fma(e, e, e + e);
        return x * u / (u + 2f);
    }

    @Override
    Vectors vectors() {
        return Simd.KERNEL;
    }

    /** The vector form. */
    static final class Simd extends Vectors {
        static final Vectors KERNEL = new Simd();

        private static final FloatVector TWO = Lanes.all(2f);
        private static final FloatVector TWENTY = Lanes.all(20f);

        private Simd() {}

        /** x tanh(ln(1 + e^x)) = x u / (u + 2), u = e^x (e^x + 2). */
        static FloatVector lanesMish(FloatVector x) {
            FloatVector e = Exp.Simd.lanesExp(Exp.Simd.lanesAtMost(x, TWENTY));
            FloatVector u = e.fma(e, e.add(e));
            return x.mul(u).div(u.add(TWO));
        }

        @Override
        int simd(float parameter, float[] x, int xo, float[] y, int yo, int n) {
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                lanesMish(Lanes.at(x, xo + i)).intoArray(y, yo + i);
            }
            return i;
        }
    }
}
