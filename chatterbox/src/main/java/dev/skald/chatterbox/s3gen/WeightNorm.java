package dev.skald.chatterbox.s3gen;

import dev.skald.tensor.Weight;
import dev.skald.tensor.Weights;

/**
 * Weight norm folded into the weight: {@code g v / |v|}, the norm over all but the first dimension
 * (of a transposed convolution that is the input channel).
 */
final class WeightNorm {
    private WeightNorm() {}

    /**
     * The weight of module {@code name}, under PyTorch's present names, its older ones, or plain.
     */
    static Weight fold(Weights weights, String name, int... shape) {
        String present = name + ".parametrizations.weight.original";
        if (weights.has(present + "0")) {
            return fold(weights, present + "0", present + "1", name, shape);
        }
        if (weights.has(name + ".weight_g")) {
            return fold(weights, name + ".weight_g", name + ".weight_v", name, shape);
        }
        return weights.get(name + ".weight", shape);
    }

    private static Weight fold(
            Weights weights, String gain, String direction, String name, int[] s) {
        Weight v = weights.get(direction, s);
        int[] shape = v.shape();
        float[] g = weights.get(gain, shape[0], 1, 1).floats();
        float[] values = v.floats();
        int each = values.length / shape[0];
        for (int o = 0; o < shape[0]; o++) {
            double sum = 0;
            for (int i = o * each; i < (o + 1) * each; i++) {
                sum += (double) values[i] * values[i];
            }
            double scale = sum == 0 ? 0 : g[o] / Math.sqrt(sum);
            for (int i = o * each; i < (o + 1) * each; i++) {
                values[i] = (float) (values[i] * scale);
            }
        }
        return Weight.of(name + ".weight", values, shape);
    }
}
