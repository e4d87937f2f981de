package dev.skald.nn;

import dev.skald.tensor.Weight;
import dev.skald.tensor.Weights;
import java.util.Arrays;

/**
 * Weight norm folded into the weight: {@code g v / |v|}, the norm over all but the first dimension
 * (of a transposed convolution that is the input channel).
 */
final class WeightNorm {
    private WeightNorm() {}

    /** The tensor that holds the direction v of a module's weight: the weight if it is plain. */
    static String direction(Weights weights, String name) {
        String present = name + ".parametrizations.weight.original1";
        if (weights.has(present)) {
            return present;
        }
        return weights.has(name + ".weight_v") ? name + ".weight_v" : name + ".weight";
    }

    /**
     * The weight of module {@code name}, under PyTorch's present names, its older ones, or plain.
     */
    static Weight fold(Weights weights, String name, int... shape) {
        String direction = direction(weights, name);
        Weight v = weights.get(direction, shape);
        if (direction.endsWith(".weight")) {
            return v;
        }
        String gain =
                direction.endsWith("_v")
                        ? name + ".weight_g"
                        : name + ".parametrizations.weight.original0";
        int[] found = v.shape();
        int[] gains = new int[found.length];
        Arrays.fill(gains, 1);
        gains[0] = found[0];
        float[] g = weights.get(gain, gains).floats();
        float[] values = v.floats();
        int each = values.length / found[0];
        for (int o = 0; o < found[0]; o++) {
            double sum = 0;
            for (int i = o * each; i < (o + 1) * each; i++) {
                sum += (double) values[i] * values[i];
            }
            double scale = sum == 0 ? 0 : g[o] / Math.sqrt(sum);
            for (int i = o * each; i < (o + 1) * each; i++) {
                values[i] = (float) (values[i] * scale);
            }
        }
        return Weight.of(name + ".weight", values, found);
    }
}
