package dev.skald.tensor;

import org.jspecify.annotations.Nullable;

/** Checks of an operation's tensors, with one message for all backends. */
public final class Shapes {
    private Shapes() {}

    /** Fails unless {@code out} has the shape of {@code x}. */
    public static void same(String op, Tensor x, Tensor out) {
        shape(out, op, x.batch(), x.rows(), x.cols());
    }

    /** Fails unless {@code t} has this shape. */
    public static void shape(@Nullable Tensor t, String op, int batch, int rows, int cols) {
        if (t == null || t.batch() != batch || t.rows() != rows || t.cols() != cols) {
            throw new IllegalArgumentException(
                    op + ": " + t + " where (" + batch + "," + rows + "," + cols + ") is needed");
        }
    }

    /** Fails with the reason {@code what} unless {@code ok}. */
    public static void check(boolean ok, String op, String what, Tensor t) {
        if (!ok) {
            throw new IllegalArgumentException(op + ": " + t + ": " + what);
        }
    }
}
