package dev.skald.tensor;

import org.jspecify.annotations.Nullable;

/**
 * A machine that computes: it holds weights in the form its kernels want and opens {@link Ops} to
 * run them. Safe for many threads.
 *
 * <p>Weights are given in the layout of the official checkpoints (PyTorch's) and may be read piece
 * by piece; the backend packs, converts and keeps its own copy. They live until the backend is
 * closed.
 */
public interface Backend extends AutoCloseable {
    /** {@code cpu}, {@code cuda:0}. */
    String name();

    /** Opens an op stream with a memory arena of its own, for one thread at a time. */
    Ops open();

    /**
     * The same, computed by the caller's thread alone where that makes sense: for streams that run
     * side by side and should not wait for each other.
     */
    default Ops openSingle() {
        return open();
    }

    /**
     * Makes ready, beside what the caller does next, what a speech model will run: to be called
     * before its weights are loaded.
     */
    default void prepareSpeech() {}

    /** A linear map; {@code weight} is (out, in), {@code bias} (out). */
    Linear linear(Weight weight, @Nullable Weight bias, Precision precision);

    /** Several linear maps of the same input as one: outputs side by side (q, k, v). */
    Linear linear(Weight[] weights, @Nullable Weight @Nullable [] biases, Precision precision);

    /** A linear map whose {@code weight} lies as (in, out), as GPT-2's do. */
    Linear linearTurned(Weight weight, @Nullable Weight bias, Precision precision);

    /** A 1-D convolution; {@code weight} is (out, in / groups, kernel), {@code bias} (out). */
    Conv1d conv1d(
            Weight weight,
            @Nullable Weight bias,
            int stride,
            int dilation,
            int groups,
            Precision precision);

    /**
     * A transposed 1-D convolution; {@code weight} is (in, out, kernel), {@code bias} (out). Output
     * sample {@code t * stride + k - padding} gets input t through tap k.
     */
    ConvTranspose1d convTranspose1d(
            Weight weight, @Nullable Weight bias, int stride, int padding, Precision precision);

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

    /** Frees the weights; open op streams must not be used any more. */
    @Override
    void close();

    /** How weights are kept. Arithmetic accumulates in fp32 in every case. */
    enum Precision {
        F32,
        /**
         * fp32, and a convolution adds up its products one by one: for what a rounding error grows
         * in. Faster ways round more, and differently by where a window begins.
         */
        F32_DIRECT,
        /** bfloat16: half the bytes. */
        BF16,
        /** 8-bit integers with an fp32 scale a row (output channel): a quarter of the bytes. */
        INT8;

        /** Whether values are kept as they are. */
        public boolean full() {
            return this == F32 || this == F32_DIRECT;
        }
    }

    /** A packed linear map. */
    interface Linear {
        int in();

        int out();
    }

    /** A packed 1-D convolution. */
    interface Conv1d {
        int in();

        int out();

        int kernel();

        int stride();

        int dilation();

        /** Rows that come out of {@code rows} with that padding. */
        default int rows(int rows, int padLeft, int padRight) {
            return (rows + padLeft + padRight - dilation() * (kernel() - 1) - 1) / stride() + 1;
        }
    }

    /** A packed transposed 1-D convolution. */
    interface ConvTranspose1d {
        int in();

        int out();

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
