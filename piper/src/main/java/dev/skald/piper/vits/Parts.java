package dev.skald.piper.vits;

import dev.skald.nn.Conv;
import dev.skald.nn.Conv1d;
import dev.skald.nn.LayerNorm;
import dev.skald.nn.Loader;
import dev.skald.piper.vits.Checkpoint.Geometry;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import java.util.function.UnaryOperator;

/**
 * A {@link Loader} that also knows how a checkpoint's convolutions step.
 *
 * @param prefix of the names, for the checkpoint
 */
record Parts(Loader load, Checkpoint checkpoint, String prefix) {
    private static final float EPS = 1e-5f;

    /** More channels than any Piper voice has; keeps hostile shapes from adding up. */
    private static final int MAX_CHANNELS = 8192;

    private static final int MAX_KERNEL = 255;

    Parts under(Object... path) {
        StringBuilder below = new StringBuilder(prefix);
        for (Object step : path) {
            below.append(step).append('.');
        }
        return new Parts(load.under(path), checkpoint, below.toString());
    }

    /** The same with one tensor changed. */
    Parts edited(String tensor, UnaryOperator<Weight> edit) {
        return new Parts(load.edited(tensor, edit), checkpoint, prefix);
    }

    /** Whether the checkpoint has a module of that name. */
    boolean has(String module) {
        return load.hasModule(module);
    }

    /** How many modules {@code before + 0 + after, before + 1 + after, ...} there are. */
    int count(String before, String after) {
        int count = 0;
        while (has(before + count + after)) {
            count++;
        }
        return count;
    }

    /** A tensor's shape, none of whose dimensions is larger than in any voice. */
    int[] shape(String tensor, int... expected) {
        int[] shape = load.get(tensor, expected).shape();
        for (int d : shape) {
            if (d < 1 || d > MAX_CHANNELS) {
                throw new WeightException(
                        "tensor '" + tensor + "' has an impossible shape for a Piper network");
            }
        }
        return shape;
    }

    Linear linear(String module, int in, int out) {
        return load.linear(module, in, out);
    }

    LayerNorm norm(String module, int channels) {
        return load.layerNorm(module, channels, EPS);
    }

    /** A convolution that keeps the length. */
    Conv1d conv(String module, int in, int out) {
        return load.conv1d(module, in, out, how(module, 1));
    }

    /** A convolution of each channel by itself. */
    Conv1d depthwise(String module, int channels) {
        return load.conv1d(module, channels, channels, how(module, channels));
    }

    Conv how(String module, int groups) {
        Geometry geometry = geometry(module);
        int kernel = load.kernel(module);
        if (geometry.stride() != 1
                || geometry.groups() != groups
                || kernel % 2 == 0
                || kernel > MAX_KERNEL) {
            throw doesNotStep(module);
        }
        return Conv.same(kernel).dilation(geometry.dilation()).groups(groups);
    }

    Geometry geometry(String module) {
        return checkpoint.geometry(prefix + module);
    }

    WeightException doesNotStep(String module) {
        return new WeightException(prefix + module + " does not step as Piper's does");
    }
}
