package dev.skald.cuda;

import dev.skald.cuda.driver.Block;
import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.CudaException;
import dev.skald.cuda.driver.Use;
import dev.skald.tensor.Ops;
import java.util.ArrayList;
import java.util.List;

/**
 * Device memory of one op stream: a stack over a few large pieces. What a scope made is used again
 * after it; since ops run in order, no op still needs it then.
 */
final class DeviceArena {
    private static final long CHUNK = 32L << 20;

    /** Tensors begin at multiples of this, in bytes. */
    private static final long ALIGN = 256;

    private final Context context;
    private final Runnable outOfMemory;
    private final List<Block> chunks = new ArrayList<>();
    private int chunk;
    private long used;
    private int depth;

    /**
     * @param outOfMemory called when there is too little
     */
    DeviceArena(Context context, Runnable outOfMemory) {
        this.context = context;
        this.outOfMemory = outOfMemory;
    }

    /** The address of so many bytes. */
    long allocate(long bytes) {
        while (chunk < chunks.size() && chunks.get(chunk).bytes() - used < bytes) {
            chunk++;
            used = 0;
        }
        if (chunk == chunks.size()) {
            long size = Math.max(CHUNK, (bytes + ALIGN - 1) / ALIGN * ALIGN);
            try {
                chunks.add(context.borrow(size, Use.ACTIVATIONS));
            } catch (CudaException e) {
                if (e.kind() == CudaException.Kind.OUT_OF_MEMORY) {
                    outOfMemory.run();
                }
                throw e;
            }
            used = 0;
        }
        long at = chunks.get(chunk).address() + used;
        used += (bytes + ALIGN - 1) / ALIGN * ALIGN;
        return at;
    }

    Ops.Scope scope() {
        int keptChunk = chunk;
        long keptUsed = used;
        int level = ++depth;
        return () -> {
            if (depth != level) {
                throw new IllegalStateException("scopes must be closed in reverse order, once");
            }
            depth--;
            chunk = keptChunk;
            used = keptUsed;
        };
    }

    /** Gives all memory back. Nothing may run over it any more. */
    void close() {
        chunks.forEach(context::giveBack);
        chunks.clear();
        chunk = 0;
        used = 0;
    }
}
