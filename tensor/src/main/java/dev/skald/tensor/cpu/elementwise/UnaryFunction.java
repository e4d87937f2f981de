package dev.skald.tensor.cpu.elementwise;

import dev.skald.tensor.Activation;
import dev.skald.tensor.cpu.jit.JitKernel;
import dev.skald.tensor.cpu.jit.Lanes;

/** A function of one value, perhaps with a parameter. In place allowed in every form. */
abstract class UnaryFunction {
    /** The function of a kind that is neither trivial nor has values for each channel. */
    static UnaryFunction of(Activation.Kind kind) {
        return switch (kind) {
            case RELU -> Relu.FUNCTION;
            case LEAKY_RELU -> LeakyRelu.FUNCTION;
            case GELU -> Gelu.FUNCTION;
            case GELU_TANH -> GeluTanh.FUNCTION;
            case SILU -> Silu.FUNCTION;
            case MISH -> Mish.FUNCTION;
            case ELU -> Elu.FUNCTION;
            case TANH -> Tanh.FUNCTION;
            case SIGMOID -> Sigmoid.FUNCTION;
            case EXP -> Exp.FUNCTION;
            case LOG_CLAMPED -> Log.FUNCTION;
            case SIN, COS -> Sine.FUNCTION;
            case NONE, ABS, SQUARE, SNAKE ->
                    throw new IllegalArgumentException(kind + " is no function of this form");
        };
    }

    /** What its forms get as parameter. */
    static float parameter(Activation f) {
        return switch (f.kind()) {
            case RELU, SIN -> 0;
            case COS -> 1;
            default -> f.parameter();
        };
    }

    /** The formula. */
    abstract double exact(double v, float parameter);

    /** The scalar form of the vector loop: the same operations in the same order. */
    abstract float scalar(float x, float parameter);

    /** The vector form; not to be asked for in a JVM without vectors. */
    abstract Vectors vectors();

    final void exact(float parameter, float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = (float) exact(x[xo + i], parameter);
        }
    }

    /** The scalar form of n values; named as the vector loops are so that it is compiled early. */
    final void simdTail(float parameter, float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = scalar(x[xo + i], parameter);
        }
    }

    /** The vector loop. Each function has its own: C2 must see which function it inlines. */
    abstract static class Vectors extends JitKernel {
        /** Computes as many of the n values as are whole vectors; returns how many. */
        abstract int simd(float parameter, float[] x, int xo, float[] y, int yo, int n);

        @Override
        protected void call(int vectors) {
            simd(0.5f, X, 0, Y, 0, vectors * Lanes.N);
        }
    }
}
