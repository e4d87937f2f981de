package dev.skald.chatterbox.voice;

import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.Weights;

/**
 * A batch norm at inference: {@code x * gain + shift}, a value a channel each.
 *
 * @param gain weight / sqrt(variance + 1e-5)
 * @param shift bias - mean * gain
 */
record BatchNorm(float[] gain, float[] shift) {
    private static final double EPS = 1e-5;

    /** Reads {@code running_mean, running_var} and, where there are any, {@code weight, bias}. */
    static BatchNorm load(Weights w, int channels) {
        float[] mean = w.get("running_mean", channels).floats();
        float[] variance = w.get("running_var", channels).floats();
        boolean affine = w.has("weight");
        float[] weight = affine ? w.get("weight", channels).floats() : new float[0];
        float[] bias = affine ? w.get("bias", channels).floats() : new float[0];
        float[] gain = new float[channels];
        float[] shift = new float[channels];
        for (int c = 0; c < channels; c++) {
            double g = (affine ? weight[c] : 1) / Math.sqrt(variance[c] + EPS);
            gain[c] = (float) g;
            shift[c] = (float) ((affine ? bias[c] : 0) - mean[c] * g);
        }
        return new BatchNorm(gain, shift);
    }

    Tensor gain(Parameters parameters) {
        return parameters.constant(gain, 1, gain.length);
    }

    Tensor shift(Parameters parameters) {
        return parameters.constant(shift, 1, shift.length);
    }

    /** A bias-less linear map or convolution (out, ...) with this norm after it. */
    Weight fold(Weight weight) {
        float[] values = weight.floats();
        int each = values.length / gain.length;
        for (int i = 0; i < values.length; i++) {
            values[i] *= gain[i / each];
        }
        return Weight.of(weight.name(), values, weight.shape());
    }

    Weight bias(String name) {
        return Weight.of(name, shift, shift.length);
    }
}
