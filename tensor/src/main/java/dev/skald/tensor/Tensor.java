package dev.skald.tensor;

/**
 * An activation of shape (B,T,C) in fp32: batch, rows, cols; cols contiguous, rows and batches at a
 * stride. A handle: the values belong to the {@link Ops} or {@link Backend} that made it, and a
 * view ({@link #rows(int, int)}, {@link #cols(int, int)}, {@link #batch(int)}) shares them.
 */
public interface Tensor {
    int batch();

    int rows();

    int cols();

    /** Rows [from, to) of every batch. */
    Tensor rows(int from, int to);

    /** Columns [from, to) of every row. */
    Tensor cols(int from, int to);

    /** One batch as a tensor of batch 1. */
    Tensor batch(int index);

    /**
     * The same values seen as other dimensions; only of a tensor without gaps, and of the same
     * size.
     */
    Tensor reshape(int batch, int rows, int cols);

    /**
     * Overlapping windows over the one long row of a (1,1,n) tensor: (1, count, size), window i
     * starting at {@code i * hop}. For short-time transforms as matrix products.
     */
    Tensor windows(int size, int hop, int count);
}
