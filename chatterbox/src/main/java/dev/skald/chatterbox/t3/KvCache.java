package dev.skald.chatterbox.t3;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Tensor;
import java.util.Arrays;

/** Keys and values of every position so far, and where the next ones go. */
final class KvCache {
    /** One a layer, (B, capacity, H*D). */
    final Tensor[] keys;

    final Tensor[] values;

    /** Position of the first row that is being computed. */
    final Ints first;

    /** Position of each row that is being computed. */
    private Ints rows;

    /** Filled rows, those being computed included. */
    final Ints length;

    private final Ops ops;
    private final int capacity;
    private int filled;

    KvCache(Ops ops, int layers, int batch, int capacity, int width) {
        this.ops = ops;
        this.capacity = capacity;
        keys = new Tensor[layers];
        values = new Tensor[layers];
        for (int i = 0; i < layers; i++) {
            keys[i] = ops.tensor(batch, capacity, width);
            values[i] = ops.tensor(batch, capacity, width);
        }
        first = ops.ints(1);
        length = ops.ints(1);
        rows = first;
    }

    /** Makes room for {@code count} more positions; to be called outside a recorded stage. */
    void advance(int count) {
        if (filled + count > capacity) {
            throw new IllegalStateException(
                    "position " + (filled + count) + " of a cache of " + capacity);
        }
        ops.write(new int[] {filled}, first);
        if (count == 1) {
            rows = first;
        } else {
            int[] each = new int[count];
            Arrays.setAll(each, i -> filled + i);
            rows = ops.ints(count);
            ops.write(each, rows);
        }
        filled += count;
        ops.write(new int[] {filled}, length);
    }

    /** The positions that the cache was just advanced by. */
    Ints rows() {
        return rows;
    }

    int filled() {
        return filled;
    }

    int capacity() {
        return capacity;
    }
}
