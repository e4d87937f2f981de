package dev.skald.nn;

import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;

/**
 * How a 1-D convolution steps, with the words of PyTorch.
 *
 * @param kernel taps; -1 for as many as the file has
 * @param padding zeros beyond the edges
 * @param left of {@link Padding#GIVEN}
 * @param right of {@link Padding#GIVEN}
 */
public record Conv(
        int kernel,
        int stride,
        int dilation,
        int groups,
        Padding padding,
        int left,
        int right,
        boolean bias) {
    /** How many zeros there are beyond the edges. */
    public enum Padding {
        /** As many on both sides, so that the length stays. */
        SAME,
        /** All before the beginning: nothing depends on later rows. */
        CAUSAL,
        /** {@code left} and {@code right}. */
        GIVEN
    }

    /** One that keeps the length; its kernel is odd. */
    public static Conv same(int kernel) {
        return new Conv(kernel, 1, 1, 1, Padding.SAME, 0, 0, true);
    }

    /** One that sees no later rows. */
    public static Conv causal(int kernel) {
        return new Conv(kernel, 1, 1, 1, Padding.CAUSAL, 0, 0, true);
    }

    /** With so many zeros beyond the edges. */
    public static Conv padded(int kernel, int left, int right) {
        return new Conv(kernel, 1, 1, 1, Padding.GIVEN, left, right, true);
    }

    public Conv stride(int rows) {
        return new Conv(kernel, rows, dilation, groups, padding, left, right, bias);
    }

    public Conv dilation(int rows) {
        return new Conv(kernel, stride, rows, groups, padding, left, right, bias);
    }

    public Conv groups(int count) {
        return new Conv(kernel, stride, dilation, count, padding, left, right, bias);
    }

    public Conv noBias() {
        return new Conv(kernel, stride, dilation, groups, padding, left, right, false);
    }

    /** Zeros before the first row. */
    int left(Weight weight) {
        int reach = dilation * (weight.shape()[2] - 1);
        return switch (padding) {
            case SAME -> half(weight, reach);
            case CAUSAL -> reach;
            case GIVEN -> left;
        };
    }

    /** Zeros behind the last row. */
    int right(Weight weight) {
        return switch (padding) {
            case SAME -> half(weight, dilation * (weight.shape()[2] - 1));
            case CAUSAL -> 0;
            case GIVEN -> right;
        };
    }

    private static int half(Weight weight, int reach) {
        if (weight.shape()[2] % 2 == 0) {
            throw new WeightException(
                    "tensor '"
                            + weight.name()
                            + "' has a kernel of "
                            + weight.shape()[2]
                            + " where an odd one is expected");
        }
        return reach / 2;
    }
}
