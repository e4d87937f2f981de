package dev.skald.piper.vits;

import dev.skald.piper.vits.Checkpoint.Geometry;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import org.jspecify.annotations.Nullable;

/** Makes the parts of the networks from a checkpoint, shapes checked. */
record Parts(Parameters parameters, Checkpoint checkpoint) {

    /** More channels than any Piper voice has; keeps hostile shapes from adding up. */
    private static final int MOST = 8192;

    Weight weight(String name, int... shape) {
        return checkpoint.get(name, shape);
    }

    /** A 1x1 convolution as the linear map it is, (out, in). */
    Weight matrix(String module, int out, int in) {
        Weight w = weight(module + ".weight", out, in, 1);
        return w.reshaped(w.shape()[0], w.shape()[1]);
    }

    Weight bias(String module, int out) {
        return weight(module + ".bias", out);
    }

    Parameters.Linear linear(String module, int out, int in) {
        return parameters.linear(matrix(module, out, in), bias(module, out), Role.WORKING);
    }

    /** Whether the checkpoint has a convolution of that name. */
    boolean has(String module) {
        return checkpoint.has(module + ".weight");
    }

    /** One of the checkpoint's own dimensions. */
    int dimension(String name, int rank, int index) {
        int[] shape = checkpoint.get(name).shape();
        if (shape.length != rank || shape[index] < 1 || shape[index] > MOST) {
            throw new WeightException(
                    "tensor '" + name + "' has an impossible shape for a Piper network");
        }
        return shape[index];
    }

    /** A convolution that keeps the length, of {@code groups} 1 or one a channel. */
    Parameters.Conv1d conv(String module, int out, int in, boolean bias) {
        return conv(module, weight(module + ".weight", out, in, -1), bias, 1);
    }

    /** A convolution of each channel by itself. */
    Parameters.Conv1d depthwise(String module, int channels) {
        return conv(module, weight(module + ".weight", channels, 1, -1), true, channels);
    }

    /** The convolution of that module with other weights of the same shape. */
    Parameters.Conv1d conv(String module, Weight weight, boolean bias, int groups) {
        Geometry geometry = checkpoint.geometry(module);
        int kernel = weight.shape()[2];
        if (geometry.stride() != 1
                || geometry.groups() != groups
                || kernel % 2 == 0
                || kernel > 255) {
            throw new WeightException(module + " does not step as Piper's does");
        }
        return parameters.conv1d(
                weight,
                bias ? bias(module, weight.shape()[0]) : null,
                1,
                geometry.dilation(),
                groups,
                Role.WORKING);
    }

    /** Gain and shift of a norm. */
    Norm norm(String module, int channels) {
        return new Norm(
                parameters.vector(weight(module + ".gamma", channels)),
                parameters.vector(weight(module + ".beta", channels)));
    }

    /** A layer norm over the channels. */
    record Norm(Tensor gamma, Tensor beta) {
        static final float EPSILON = 1e-5f;
    }

    /** The same weights times {@code factor}; for factors folded from the layer before. */
    static Weight scaled(Weight weight, float factor) {
        if (factor == 1) {
            return weight;
        }
        float[] values = weight.floats();
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
        }
        return Weight.of(weight.name(), values, weight.shape());
    }

    /** The order of dimension 0 (outputs) or 1 (inputs) turned round. */
    static Weight reversed(Weight weight, int dimension) {
        int[] shape = weight.shape();
        float[] values = weight.floats();
        float[] turned = new float[values.length];
        int inner = 1;
        for (int d = dimension + 1; d < shape.length; d++) {
            inner *= shape[d];
        }
        int size = shape[dimension];
        for (int i = 0; i < values.length; i += inner) {
            int index = i / inner % size;
            int at = i + (size - 1 - 2 * index) * inner;
            System.arraycopy(values, i, turned, at, inner);
        }
        return Weight.of(weight.name(), turned, shape);
    }

    /** A bias that may be missing. */
    @Nullable Weight biasIfAny(String module, int out) {
        return checkpoint.has(module + ".bias") ? bias(module, out) : null;
    }
}
