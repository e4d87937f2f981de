package dev.skald.cuda;

import dev.skald.cuda.driver.Context;
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

    private record Chunk(long address, long bytes) {}

    private final Context context;
    private final List<Chunk> chunks = new ArrayList<>();
    private int chunk;
    private long used;
    private int depth;

    DeviceArena(Context context) {
        this.context = context;
    }

    /** The address of so many bytes. */
    long allocate(long bytes) {
        while (chunk < chunks.size() && chunks.get(chunk).bytes - used < bytes) {
            chunk++;
            used = 0;
        }
        if (chunk == chunks.size()) {
            long size = Math.max(CHUNK, (bytes + ALIGN - 1) / ALIGN * ALIGN);
            chunks.add(new Chunk(context.allocate(size), size));
            used = 0;
        }
        long at = chunks.get(chunk).address + used;
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
        chunks.forEach(c -> context.free(c.address));
        chunks.clear();
        chunk = 0;
        used = 0;
    }
}
