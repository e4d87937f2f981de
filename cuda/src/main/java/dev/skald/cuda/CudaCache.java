package dev.skald.cuda;

import dev.skald.cuda.driver.Block;
import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.Use;
import dev.skald.tensor.Ops;

/** Keys and values of one layer of one sequence, (capacity, H*D) each, in fp32. */
final class CudaCache implements Ops.Cache {
    private final Context context;
    private final int heads;
    private final int dim;
    private final int capacity;
    private final Block memory;
    private final CudaTensor keys;
    private final CudaTensor values;
    private boolean closed;

    CudaCache(Context context, int heads, int dim, int capacity) {
        this.context = context;
        this.heads = heads;
        this.dim = dim;
        this.capacity = capacity;
        long bytes = ((long) capacity * heads * dim * Float.BYTES + 255) / 256 * 256;
        memory = context.borrow(2 * bytes, Use.DECODER);
        keys = CudaTensor.dense(memory.address(), 1, capacity, heads * dim);
        values = CudaTensor.dense(memory.address() + bytes, 1, capacity, heads * dim);
    }

    int heads() {
        return heads;
    }

    int dim() {
        return dim;
    }

    int width() {
        return heads * dim;
    }

    CudaTensor keys() {
        return keys;
    }

    CudaTensor values() {
        return values;
    }

    @Override
    public int capacity() {
        return capacity;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            context.free(memory.address()); // waits for what still reads them
        }
    }
}
