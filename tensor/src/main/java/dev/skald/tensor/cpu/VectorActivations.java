package dev.skald.tensor.cpu;

import dev.skald.tensor.Activation;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * The functions of {@link Activation} over runs of values. One loop each, in a method of its own:
 * what is not used is never compiled. Each returns how many values it did, whole vectors; the rest
 * is left to {@link #rest}.
 */
final class VectorActivations {
    private VectorActivations() {}

    static int run(
            Activation f,
            float @Nullable [] alpha,
            int alphaAt,
            float[] x,
            int xo,
            float[] y,
            int yo,
            int n) {
        float p = f.parameter();
        return switch (f.kind()) {
            case RELU -> leakyRelu(0, x, xo, y, yo, n);
            case LEAKY_RELU -> leakyRelu(p, x, xo, y, yo, n);
            case GELU -> gelu(x, xo, y, yo, n);
            case GELU_TANH -> geluTanh(x, xo, y, yo, n);
            case SILU -> silu(x, xo, y, yo, n);
            case MISH -> mish(x, xo, y, yo, n);
            case ELU -> elu(p, x, xo, y, yo, n);
            case TANH -> tanh(x, xo, y, yo, n);
            case SIGMOID -> sigmoid(x, xo, y, yo, n);
            case EXP -> exp(x, xo, y, yo, n);
            case LOG_CLAMPED -> log(p, x, xo, y, yo, n);
            case SNAKE -> alpha == null ? 0 : snake(alpha, alphaAt, x, xo, y, yo, n);
            case SIN -> sin(0, x, xo, y, yo, n);
            case COS -> sin(1, x, xo, y, yo, n);
            case NONE, ABS, SQUARE -> 0;
        };
    }

    /** The same, value by value. */
    static void rest(
            Activation f,
            float @Nullable [] alpha,
            int alphaAt,
            float[] x,
            int xo,
            float[] y,
            int yo,
            int n) {
        float p = f.parameter();
        switch (f.kind()) {
            case RELU -> leakyRest(0, x, xo, y, yo, n);
            case LEAKY_RELU -> leakyRest(p, x, xo, y, yo, n);
            case SNAKE -> {
                if (alpha == null) {
                    throw new IllegalArgumentException("snake needs its alpha");
                }
                for (int i = 0; i < n; i++) {
                    y[yo + i] = Twins.snake(x[xo + i], alpha[alphaAt + i]);
                }
            }
            default -> {
                for (int i = 0; i < n; i++) {
                    y[yo + i] = twin(f.kind(), p, x[xo + i]);
                }
            }
        }
    }

    private static void leakyRest(float slope, float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = Twins.leaky(x[xo + i], slope);
        }
    }

    private static float twin(Activation.Kind kind, float p, float v) {
        return switch (kind) {
            case GELU -> Twins.gelu(v);
            case GELU_TANH -> Twins.geluTanh(v);
            case SILU -> Twins.silu(v);
            case MISH -> Twins.mish(v);
            case ELU -> Twins.elu(v, p);
            case TANH -> Twins.tanh(v);
            case SIGMOID -> Twins.sigmoid(v);
            case EXP -> Twins.exp(v);
            case LOG_CLAMPED -> Twins.log(Math.max(v, p));
            case SIN -> Twins.sin(v, 0);
            case COS -> Twins.sin(v, 1);
            case NONE, RELU, LEAKY_RELU, ABS, SQUARE, SNAKE ->
                    throw new IllegalArgumentException(kind + " has no twin");
        };
    }

    static int leakyRelu(float slope, float[] x, int xo, float[] y, int yo, int n) {
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            FloatVector v = Lanes.at(x, xo + i);
            v.blend(v.mul(slope), v.compare(VectorOperators.LT, 0f)).intoArray(y, yo + i);
        }
        return i;
    }

    static int sigmoid(float[] x, int xo, float[] y, int yo, int n) {
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            VectorMath.sigmoid(Lanes.at(x, xo + i)).intoArray(y, yo + i);
        }
        return i;
    }

    static int tanh(float[] x, int xo, float[] y, int yo, int n) {
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            VectorMath.tanh(Lanes.at(x, xo + i)).intoArray(y, yo + i);
        }
        return i;
    }

    static int exp(float[] x, int xo, float[] y, int yo, int n) {
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            VectorMath.exp(Lanes.at(x, xo + i)).intoArray(y, yo + i);
        }
        return i;
    }

    static int silu(float[] x, int xo, float[] y, int yo, int n) {
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            VectorMath.silu(Lanes.at(x, xo + i)).intoArray(y, yo + i);
        }
        return i;
    }

    static int mish(float[] x, int xo, float[] y, int yo, int n) {
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            VectorMath.mish(Lanes.at(x, xo + i)).intoArray(y, yo + i);
        }
        return i;
    }

    static int gelu(float[] x, int xo, float[] y, int yo, int n) {
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            VectorMath.gelu(Lanes.at(x, xo + i)).intoArray(y, yo + i);
        }
        return i;
    }

    static int geluTanh(float[] x, int xo, float[] y, int yo, int n) {
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            VectorMath.geluTanh(Lanes.at(x, xo + i)).intoArray(y, yo + i);
        }
        return i;
    }

    static int elu(float alpha, float[] x, int xo, float[] y, int yo, int n) {
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            VectorMath.elu(Lanes.at(x, xo + i), alpha).intoArray(y, yo + i);
        }
        return i;
    }

    static int log(float floor, float[] x, int xo, float[] y, int yo, int n) {
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            VectorMath.log(Lanes.at(x, xo + i).max(floor)).intoArray(y, yo + i);
        }
        return i;
    }

    static int sin(int quarter, float[] x, int xo, float[] y, int yo, int n) {
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            FloatVector v = Lanes.at(x, xo + i);
            VectorMask<Float> near = v.abs().compare(VectorOperators.LE, VectorMath.FAR);
            if (near.allTrue()) {
                VectorMath.sin(v, quarter).intoArray(y, yo + i);
            } else {
                farSin(quarter, x, xo + i, y, yo + i);
            }
        }
        return i;
    }

    private static void farSin(int quarter, float[] x, int xo, float[] y, int yo) {
        for (int i = 0; i < Lanes.N; i++) {
            y[yo + i] = Twins.sin(x[xo + i], quarter);
        }
    }

    static int snake(float[] alpha, int ao, float[] x, int xo, float[] y, int yo, int n) {
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            FloatVector v = Lanes.at(x, xo + i);
            FloatVector a = Lanes.at(alpha, ao + i);
            FloatVector s = VectorMath.sin(v.mul(a), 0);
            v.add(s.mul(s).div(a.add(1e-9f))).intoArray(y, yo + i);
        }
        return i;
    }

    static int gateTanh(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            VectorMath.gate(Lanes.at(a, ao + i), Lanes.at(b, bo + i)).intoArray(y, yo + i);
        }
        return i;
    }

    static int gateSilu(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            VectorMath.silu(Lanes.at(a, ao + i)).mul(Lanes.at(b, bo + i)).intoArray(y, yo + i);
        }
        return i;
    }
}
