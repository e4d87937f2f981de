package dev.skald.nn;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.Weights;

/**
 * A batch norm at inference: {@code x * scale + shift}, a value a channel each.
 *
 * @param scale weight / sqrt(variance + 1e-5)
 * @param shift bias - mean * scale
 */
public record BatchNorm(float[] scale, float[] shift) {
    private static final double EPS = 1e-5;

    /** Reads {@code running_mean, running_var} and, where there are any, {@code weight, bias}. */
    static BatchNorm read(Weights weights, String name, int channels) {
        Weights w = weights.under(name + ".");
        float[] mean = w.get("running_mean", channels).floats();
        float[] variance = w.get("running_var", channels).floats();
        boolean affine = w.has("weight");
        float[] weight = affine ? w.get("weight", channels).floats() : new float[0];
        float[] bias = affine ? w.get("bias", channels).floats() : new float[0];
        float[] scale = new float[channels];
        float[] shift = new float[channels];
        for (int c = 0; c < channels; c++) {
            double s = (affine ? weight[c] : 1) / Math.sqrt(variance[c] + EPS);
            scale[c] = (float) s;
            shift[c] = (float) ((affine ? bias[c] : 0) - mean[c] * s);
        }
        return new BatchNorm(scale, shift);
    }

    /** A linear map or convolution (out, ...) without a bias that this follows. */
    Weight fold(Weight weight) {
        float[] values = weight.floats();
        int each = values.length / scale.length;
        for (int i = 0; i < values.length; i++) {
            values[i] *= scale[i / each];
        }
        return Weight.of(weight.name(), values, weight.shape());
    }

    Weight bias(String name) {
        return Weight.of(name + " as a bias", shift, shift.length);
    }

    Layer layer(Parameters parameters) {
        return new Layer(
                parameters.constant(scale, 1, scale.length),
                parameters.constant(shift, 1, shift.length));
    }

    /** One that is not folded. */
    public record Layer(Tensor scale, Tensor shift) {
        /** The norm, then {@code after}; in place allowed. */
        public void forward(Ops ops, Tensor x, Activation after, Tensor out) {
            ops.affine(x, scale, shift, after, out);
        }
    }
}
