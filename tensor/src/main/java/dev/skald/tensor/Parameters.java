package dev.skald.tensor;

import dev.skald.Precision;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The weights of one loaded model on one device: the only owner of their memory. Safe for many
 * threads.
 *
 * <p>A model is loaded by handing each {@link Weight}, in the layout of the official checkpoints
 * (PyTorch's), to one of these methods; the backend reads, converts, checks and packs it, and keeps
 * its own copy. What a method returns is a handle for {@link Ops}, valid until this is closed.
 *
 * <p>All methods throw {@link WeightException} on a weight of a wrong shape, or that holds a value
 * that is not finite.
 */
public interface Parameters extends AutoCloseable {
    /** The device that holds them. */
    Backend backend();

    /** How weights of {@link Role#STREAMED} are stored here: never {@link Precision#AUTO}. */
    Precision streamed();

    /** A linear map; {@code weight} is (out, in), {@code bias} (out). */
    Linear linear(Weight weight, @Nullable Weight bias, Role role);

    /** Several linear maps of the same input as one: outputs side by side (q, k, v). */
    Linear linear(Weight[] weights, @Nullable Weight @Nullable [] biases, Role role);

    /** A linear map whose {@code weight} is transposed: (in, out), as in GPT-2's Conv1D. */
    Linear linearTransposed(Weight weight, @Nullable Weight bias, Role role);

    /** A 1-D convolution; {@code weight} is (out, in / groups, kernel), {@code bias} (out). */
    Conv1d conv1d(
            Weight weight, @Nullable Weight bias, int stride, int dilation, int groups, Role role);

    /**
     * A transposed 1-D convolution; {@code weight} is (in, out, kernel), {@code bias} (out). Output
     * sample {@code t * stride + k - padding} gets input t through tap k.
     */
    ConvTranspose1d convTranspose1d(
            Weight weight, @Nullable Weight bias, int stride, int padding, Role role);

    /**
     * A 2-D convolution of an image held as (H, W, C) in a tensor's (batch, rows, cols); {@code
     * weight} is (out, in, kernel h, kernel w).
     */
    Conv2d conv2d(
            Weight weight,
            @Nullable Weight bias,
            int strideH,
            int strideW,
            int paddingH,
            int paddingW);

    /**
     * One direction of an LSTM layer in PyTorch's gate order i, f, g, o; weights (4H, in), (4H, H).
     */
    Lstm lstm(
            Weight inputWeight,
            Weight hiddenWeight,
            @Nullable Weight bias1,
            @Nullable Weight bias2);

    /** A table to look rows up in; {@code weight} is (entries, dim). */
    Embedding embedding(Weight weight);

    /** A constant, kept: shape (1, rows, cols). */
    Tensor constant(float[] values, int rows, int cols);

    /** A one-dimensional parameter (a norm's gain, a bias) as a row (1, 1, n). */
    Tensor vector(Weight weight);

    /**
     * Loads a model of many weights. What {@code model} makes may be used when this returns, and a
     * value that is not finite may be told of only then: a device copies, packs and checks one
     * weight while it is given the next. The weights must be readable until then.
     */
    default <T> T load(Supplier<T> model) {
        return model.get();
    }

    /** Frees the weights. No op may use them any more. */
    @Override
    void close();

    /** Packed weights that map columns to columns. */
    interface Layer {
        int in();

        int out();
    }

    /** A packed linear map. */
    interface Linear extends Layer {}

    /** A packed 1-D convolution. */
    interface Conv1d extends Layer {
        int kernel();

        int stride();

        int dilation();

        /** Rows that come out of {@code rows} with that padding. */
        default int rows(int rows, int padLeft, int padRight) {
            return (rows + padLeft + padRight - dilation() * (kernel() - 1) - 1) / stride() + 1;
        }
    }

    /** A packed transposed 1-D convolution. */
    interface ConvTranspose1d extends Layer {
        int kernel();

        int stride();

        int padding();

        /** Rows that come out of {@code rows}, output padding 0. */
        default int rows(int rows) {
            return (rows - 1) * stride() - 2 * padding() + kernel();
        }
    }

    /** A packed 2-D convolution. */
    interface Conv2d {
        int in();

        int out();
    }

    /** A packed LSTM layer. */
    interface Lstm {
        int in();

        int hidden();
    }

    /** A table of rows. */
    interface Embedding {
        int entries();

        int dim();
    }
}
