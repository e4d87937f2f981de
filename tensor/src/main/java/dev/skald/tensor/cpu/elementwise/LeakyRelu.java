package dev.skald.tensor.cpu.elementwise;

import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** x from zero up, the parameter times x below. */
final class LeakyRelu extends UnaryFunction {
    static final LeakyRelu FUNCTION = new LeakyRelu();

    private LeakyRelu() {}

    @Override
    double exact(double v, float parameter) {
        return v >= 0 ? v : v * parameter;
    }

    @Override
    float scalar(float x, float parameter) {
        return leakyRelu(x, parameter);
    }

    static float leakyRelu(float x, float slope) {
        return x < 0 ? x * slope : x;
    }

    @Override
    Vectors vectors() {
        return Simd.KERNEL;
    }

    /** The vector form. */
    static final class Simd extends Vectors {
        static final Vectors KERNEL = new Simd();

        private Simd() {}

        @Override
        int simd(float parameter, float[] x, int xo, float[] y, int yo, int n) {
            int i = 0;
            for (; i < n - Lanes.N + 1; i += Lanes.N) {
                FloatVector v = Lanes.at(x, xo + i);
                v.blend(v.mul(parameter), v.compare(VectorOperators.LT, 0f)).intoArray(y, yo + i);
            }
            return i;
        }
    }
}
