package dev.skald.nn;

import dev.skald.tensor.Weight;

/** Weights changed at load, so that a network need not do it each time. */
public final class WeightEdits {
    private WeightEdits() {}

    /** The same weights times {@code factor}; for factors folded from the layer before. */
    public static Weight scaled(Weight weight, double factor) {
        if (factor == 1) {
            return weight;
        }
        float[] values = weight.floats();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] * factor);
        }
        return Weight.of(weight.name(), values, weight.shape());
    }

    /** The order of dimension 0 (outputs) or 1 (inputs) reversed. */
    public static Weight reversed(Weight weight, int dimension) {
        int[] shape = weight.shape();
        float[] values = weight.floats();
        float[] reversed = new float[values.length];
        int inner = 1;
        for (int d = dimension + 1; d < shape.length; d++) {
            inner *= shape[d];
        }
        int size = shape[dimension];
        for (int i = 0; i < values.length; i += inner) {
            int index = i / inner % size;
            int at = i + (size - 1 - 2 * index) * inner;
            System.arraycopy(values, i, reversed, at, inner);
        }
        return Weight.of(weight.name(), reversed, shape);
    }
}
