package dev.skald.piper.vits;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Tensor;

/**
 * Rows {@code from} to {@code to} of a whole that is never there as one piece: windows of a
 * sentence are computed from exactly the rows they depend on, so that they equal the whole.
 */
record Rows(int from, int to) {
    int count() {
        return to - from;
    }

    /** The rows that {@code pad} rows on each side reach, within the whole. */
    Rows grown(int pad, int whole) {
        return new Rows(Math.max(0, from - pad), Math.min(whole, to + pad));
    }

    /** These rows of a tensor that holds {@code have}. */
    Tensor of(Tensor tensor, Rows have) {
        return from == have.from && to == have.to
                ? tensor
                : tensor.rows(from - have.from, to - have.from);
    }

    /** How far a convolution that keeps the length sees to each side. */
    static int reach(Conv1d conv) {
        return (conv.kernel() - 1) / 2 * conv.dilation();
    }

    /** Zeros beyond the start of the whole that these rows of the output need. */
    int padLeft(int reach) {
        return Math.max(0, reach - from);
    }

    int padRight(int reach, int whole) {
        return Math.max(0, to + reach - whole);
    }

    /**
     * Computes these rows of a convolution that keeps the length.
     *
     * @param x its input's rows {@code have}, at least those that these rows need
     */
    void conv(
            Ops ops,
            Tensor x,
            Rows have,
            int whole,
            Conv1d conv,
            Activation before,
            Epilogue epilogue,
            Tensor out) {
        int reach = reach(conv);
        Tensor in = grown(reach, whole).of(x, have);
        ops.conv1d(in, conv, padLeft(reach), padRight(reach, whole), before, epilogue, out);
    }
}
