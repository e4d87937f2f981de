package dev.skald.tensor;

import org.jspecify.annotations.Nullable;

/**
 * What a matrix product does to its result before storing it: {@code residual + scale *
 * activation(product + bias)}. The residual has the output's shape and may be the output itself.
 */
public record Epilogue(Activation activation, float scale, @Nullable Tensor residual) {
    public static final Epilogue NONE = new Epilogue(Activation.NONE, 1, null);

    public static Epilogue of(Activation activation) {
        return new Epilogue(activation, 1, null);
    }

    public static Epilogue plus(Tensor residual) {
        return new Epilogue(Activation.NONE, 1, residual);
    }
}
