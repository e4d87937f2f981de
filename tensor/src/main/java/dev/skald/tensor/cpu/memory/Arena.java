package dev.skald.tensor.cpu.memory;

import dev.skald.tensor.Ops;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Memory of one op stream: a stack over a few long arrays. It grows when more is in use at once
 * than ever before. Free arrays that are too short for what comes are given back for a longer one:
 * a network of long rows would else need its memory beside that of the one before it.
 */
public final class Arena {
    /** 4.3 MB: two of the largest tensors of a medium voice's decoder, which are just over 2 MB. */
    private static final int CHUNK = 33 << 15;

    /** Tensors begin at multiples of a cache line from each other. */
    private static final int ALIGN = 16;

    /** For tests of what happens when memory runs out: called before each allocation. */
    static volatile Runnable beforeAllocation = () -> {};

    private final boolean kept;
    private final List<float[]> chunks = new ArrayList<>();
    private int chunk;
    private int used;
    private int depth;

    public Arena() {
        this(true);
    }

    /**
     * @param kept whether memory is kept for the next tensor; else each has an array of its own
     */
    public Arena(boolean kept) {
        this.kept = kept;
    }

    public CpuTensor tensor(int batch, int rows, int cols) {
        if (batch < 0 || rows < 0 || cols < 0) {
            throw new IllegalArgumentException(
                    "negative size (" + batch + "," + rows + "," + cols + ")");
        }
        long size = (long) batch * rows * cols;
        if (size > Integer.MAX_VALUE - 64) {
            throw new IllegalArgumentException(
                    "a tensor of (" + batch + "," + rows + "," + cols + ") is too large");
        }
        beforeAllocation.run();
        if (!kept) {
            return CpuTensor.dense(new float[(int) size], 0, batch, rows, cols);
        }
        int at = reserve((int) size);
        return CpuTensor.dense(chunks.get(chunk), at, batch, rows, cols);
    }

    private int reserve(int size) {
        if (chunk == chunks.size() || chunks.get(chunk).length - used < size) {
            if (chunk < chunks.size() && used > 0) {
                chunk++;
            }
            used = 0;
            if (!bring(size)) {
                chunks.subList(chunk, chunks.size()).clear();
                beforeAllocation.run();
                chunks.add(new float[Math.max(CHUNK, size)]);
            }
        }
        int at = used;
        used += Math.min((size + ALIGN - 1) / ALIGN * ALIGN, chunks.get(chunk).length - used);
        return at;
    }

    /** Makes the shortest free array that is long enough the next one; tells if there is one. */
    private boolean bring(int size) {
        int best = -1;
        for (int i = chunk; i < chunks.size(); i++) {
            int length = chunks.get(i).length;
            if (length >= size && (best < 0 || length < chunks.get(best).length)) {
                best = i;
            }
        }
        if (best < 0) {
            return false;
        }
        Collections.swap(chunks, chunk, best);
        return true;
    }

    public Ops.Scope scope() {
        int keptChunk = chunk;
        int keptUsed = used;
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

    /** Floats that are held, in use or free. */
    public long size() {
        return chunks.stream().mapToLong(c -> c.length).sum();
    }

    public void clear() {
        chunks.clear();
        chunk = 0;
        used = 0;
    }
}
