package dev.skald.tensor;

import org.jspecify.annotations.Nullable;

/**
 * A function of each value.
 *
 * @param kind which
 * @param parameter LEAKY_RELU's slope, ELU's alpha
 * @param alpha SNAKE's alpha, a value a channel (1,1,C)
 */
public record Activation(Kind kind, float parameter, @Nullable Tensor alpha) {
    /** The functions. */
    public enum Kind {
        NONE,
        RELU,
        LEAKY_RELU,
        /** 0.5 x (1 + erf(x / sqrt 2)). */
        GELU,
        /** GPT-2's tanh form. */
        GELU_TANH,
        SILU,
        /** x tanh(softplus(x)). */
        MISH,
        ELU,
        TANH,
        SIGMOID,
        EXP,
        /** log(max(x, parameter)). */
        LOG_CLAMPED,
        /** x + sin(alpha x)^2 / (alpha + 1e-9), alpha a value a channel. */
        SNAKE,
        ABS,
        SQUARE,
        SIN,
        COS
    }

    public static final Activation NONE = new Activation(Kind.NONE);
    public static final Activation RELU = new Activation(Kind.RELU);
    public static final Activation GELU = new Activation(Kind.GELU);
    public static final Activation GELU_TANH = new Activation(Kind.GELU_TANH);
    public static final Activation SILU = new Activation(Kind.SILU);
    public static final Activation MISH = new Activation(Kind.MISH);
    public static final Activation TANH = new Activation(Kind.TANH);
    public static final Activation SIGMOID = new Activation(Kind.SIGMOID);
    public static final Activation EXP = new Activation(Kind.EXP);

    private Activation(Kind kind) {
        this(kind, 0, null);
    }

    public static Activation leakyRelu(float slope) {
        return new Activation(Kind.LEAKY_RELU, slope, null);
    }

    public static Activation elu(float alpha) {
        return new Activation(Kind.ELU, alpha, null);
    }

    /** {@code alpha} is (1,1,C). */
    public static Activation snake(Tensor alpha) {
        return new Activation(Kind.SNAKE, 0, alpha);
    }

    public static Activation logClamped(float floor) {
        return new Activation(Kind.LOG_CLAMPED, floor, null);
    }
}
