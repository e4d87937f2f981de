package dev.skald.cuda;

import dev.skald.Optimisation;
import dev.skald.cuda.DeviceArena.Region;
import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.CudaException;
import dev.skald.cuda.driver.Graph;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What streams have recorded, kept for the next that asks with the same key, the longest unused
 * forgotten first. Safe for many threads.
 */
final class Recordings {
    private static final System.Logger LOG = System.getLogger(Recordings.class.getName());

    /** Bytes that the tensors of recordings which nobody uses may take. */
    private static final long MOST_BYTES = 256L << 20;

    /** One recording: its tensors, their memory, and the graph once there is one. */
    static final class Entry {
        private final Object key;
        private final Region memory;
        private final Object tensors;
        private boolean warm;
        private @Nullable Graph graph;

        Entry(Object key, Region memory, Object tensors) {
            this.key = key;
            this.memory = memory;
            this.tensors = tensors;
        }

        boolean is(Object other) {
            return key.equals(other);
        }

        Object tensors() {
            return tensors;
        }

        Region memory() {
            return memory;
        }

        @Nullable Graph graph() {
            return graph;
        }

        void graph(Graph made) {
            graph = made;
        }

        /** Whether its ops ran before: then all kernels are loaded and all memory is there. */
        boolean wasRun() {
            boolean was = warm;
            warm = true;
            return was;
        }

        private void close() {
            if (graph != null) {
                graph.close();
            }
            memory.close();
        }
    }

    private final Context context;
    private final List<Entry> idle = new ArrayList<>();
    private final AtomicBoolean refused;

    Recordings(Context context) {
        this.context = context;
        refused = new AtomicBoolean(!context.uses(Optimisation.GRAPHS));
        context.onPressure(this::trim, this::bytes);
    }

    /** A stack for a recording's tensors. */
    Region memory(BooleanSupplier outOfMemory) {
        return new Region(context, 1L << 20, outOfMemory);
    }

    /** One of that key that nobody uses, or null. */
    synchronized @Nullable Entry take(Object key) {
        for (int i = idle.size() - 1; i >= 0; i--) {
            if (idle.get(i).is(key)) {
                return idle.remove(i);
            }
        }
        return null;
    }

    /** Takes back what no launch runs over any more. */
    synchronized void give(Entry entry) {
        idle.add(entry);
        while (bytes() > MOST_BYTES) {
            idle.removeFirst().close();
        }
    }

    /** Bytes that the tensors of recordings which nobody uses take. */
    private synchronized long bytes() {
        return idle.stream().mapToLong(e -> e.memory.bytes()).sum();
    }

    /**
     * Whether ops cannot be recorded on this device, or shall not: then they are launched one by
     * one.
     */
    boolean refused() {
        return refused.get();
    }

    void refuse(CudaException why) {
        if (!refused.getAndSet(true)) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "the GPU's launches cannot be recorded, so each is made by itself, slower: {0}",
                    why.getMessage());
        }
    }

    /** Frees what nobody uses. */
    synchronized void trim() {
        idle.forEach(Entry::close);
        idle.clear();
    }
}
