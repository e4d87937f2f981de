package dev.skald.tensor.cpu.elementwise;

import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;

/** 1 / (1 + e^-x). */
final class Sigmoid extends UnaryFunction {
    static final Sigmoid FUNCTION = new Sigmoid();

    private Sigmoid() {}

    @Override
    double exact(double v, float parameter) {
        return sigmoid(v);
    }

    @Override
    float scalar(float x, float parameter) {
        return sigmoid(x);
    }

    static float sigmoid(float x) {
        return 1f / (Exp.exp(-x) + 1f);
    }

    static double sigmoid(double v) {
        return 1 / (1 + Math.exp(-v));
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

        static FloatVector lanesSigmoid(FloatVector x) {
            return ONE.div(Exp.Simd.lanesExp(x.neg()).add(ONE));
        }

        @Override
        int simd(float parameter, float[] x, int xo, float[] y, int yo, int n) {
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                lanesSigmoid(Lanes.at(x, xo + i)).intoArray(y, yo + i);
            }
            return i;
        }
    }
}
