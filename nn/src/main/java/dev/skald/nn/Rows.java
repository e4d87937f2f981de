package dev.skald.nn;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.ConvTranspose1d;
import dev.skald.tensor.Tensor;

/**
 * Rows {@code from} to {@code to} of a whole that is never there as one piece: windows of a
 * sentence are computed from exactly the rows they depend on, so that they equal the whole.
 */
public record Rows(int from, int to) {
    /** All of {@code count} rows. */
    public static Rows all(int count) {
        return new Rows(0, count);
    }

    public int count() {
        return to - from;
    }

    /** The rows that {@code pad} rows on each side reach, within the whole. */
    public Rows grown(int pad, int whole) {
        return new Rows(Math.max(0, from - pad), Math.min(whole, to + pad));
    }

    /** The input rows that these rows of a transposed convolution get something from. */
    public Rows sources(ConvTranspose1d up, int whole) {
        int first = Math.ceilDiv(from + up.padding() - up.kernel() + 1, up.stride());
        int last = Math.floorDiv(to - 1 + up.padding(), up.stride());
        return new Rows(Math.max(0, first), Math.min(whole, last + 1));
    }

    /** These rows of a tensor that holds {@code have}. */
    public Tensor of(Tensor tensor, Rows have) {
        return from == have.from && to == have.to
                ? tensor
                : tensor.rows(from - have.from, to - have.from);
    }

    /**
     * Computes these rows of a convolution that keeps the length.
     *
     * @param x its input's rows {@code have}, at least those that these rows need
     */
    public void conv(
            Ops ops,
            Tensor x,
            Rows have,
            int whole,
            Conv1d conv,
            Activation before,
            Epilogue epilogue,
            Tensor out) {
        int reach = conv.reach();
        Tensor in = grown(reach, whole).of(x, have);
        // Zeros only beyond the edges of the whole.
        conv.padded(Math.max(0, reach - from), Math.max(0, to + reach - whole))
                .forward(ops, in, before, epilogue, out);
    }
}
