package dev.skald.tensor;

import dev.skald.tensor.Ops.Ints;
import org.jspecify.annotations.Nullable;

/**
 * An activation of shape (B,T,C): batch, rows, cols; cols contiguous, rows and batches at a stride;
 * in fp32, unless it is an {@link Ops#operand}. A handle: the values belong to the {@link Ops} or
 * {@link Parameters} that made it, and a view ({@link #rows(int, int)}, {@link #cols(int, int)},
 * {@link #batch(int)}) shares them.
 */
public interface Tensor {
    int batch();

    int rows();

    int cols();

    /**
     * How many rows of each batch are valid, on the device; null if all are. See {@link Ops}. Kept
     * by views of columns and of one batch.
     */
    @Nullable Ints lengths();

    /**
     * The same values as a padded tensor.
     *
     * @param lengths an integer a batch, at most {@link #rows} each
     */
    Tensor valid(Ints lengths);

    /** Rows [0, rows) of the one batch of a padded tensor, as a tensor without padding. */
    Tensor unpadded(int rows);

    /** Rows [from, to) of every batch; of a tensor that is not padded, or of no rows but all. */
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
