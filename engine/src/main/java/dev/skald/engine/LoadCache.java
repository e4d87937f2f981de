package dev.skald.engine;

import dev.skald.Optimisation;
import dev.skald.SkaldException;
import dev.skald.spi.EngineContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Loaded models (or whatever is dear to make) by key. Each is loaded once, on a thread of its own,
 * so that nobody who wants another waits for it. Those that nobody uses are closed when the rest
 * needs their room, the one first that was not used for longest. Safe for many threads.
 */
public final class LoadCache<K, V> implements AutoCloseable {
    /** A budget that keeps nothing that nobody uses. */
    private static final long NOTHING = -1;

    private final long budget;
    private final Consumer<V> closer;
    private final Map<K, Entry> entries = new HashMap<>();
    private long uses;
    private long hits;
    private long loads;
    private boolean closed;

    /** Guarded by the cache. */
    private final class Entry {
        final K key;
        final long size;
        final CompletableFuture<V> value = new CompletableFuture<>();
        int users;
        long lastUse;

        Entry(K key, long size) {
            this.key = key;
            this.size = size;
        }
    }

    /**
     * @param budget what the sizes of all entries may add up to; one entry alone may be larger, and
     *     those in use are never closed
     * @param closer frees one that has left
     */
    public LoadCache(long budget, Consumer<V> closer) {
        this.budget = budget;
        this.closer = closer;
    }

    /** Of the models that an engine loads. */
    public static <K, V> LoadCache<K, V> models(EngineContext context, Consumer<V> closer) {
        boolean kept = context.uses(Optimisation.PRELOADED);
        return new LoadCache<>(kept ? context.modelMemory() : NOTHING, closer);
    }

    /** The use of an entry, to be closed. */
    public final class Lease implements AutoCloseable {
        private final Entry entry;
        private final boolean fresh;
        private boolean given;

        private Lease(Entry entry, boolean fresh) {
            this.entry = entry;
            this.fresh = fresh;
        }

        /** Whether the loader that was given is the one that loads it. */
        public boolean fresh() {
            return fresh;
        }

        /** Waits until it is loaded. Throws what its loader threw. */
        public V get() {
            return join(entry.value);
        }

        @Override
        public void close() {
            synchronized (LoadCache.this) {
                if (given) {
                    return;
                }
                given = true;
            }
            release(entry);
        }
    }

    /** Awaits a value. Throws what it failed with as it was. */
    public static <T> T join(CompletableFuture<T> value) {
        try {
            return value.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw e;
        }
    }

    /**
     * Takes an entry, whose loading begins now if it is new. Returns at once.
     *
     * @param size about what it will occupy, in the unit of the budget
     * @throws SkaldException if the cache is closed
     */
    public Lease take(K key, long size, Supplier<? extends V> loader) {
        List<V> leaving;
        Entry entry;
        boolean fresh;
        synchronized (this) {
            if (closed) {
                throw new SkaldException("the engine is closed");
            }
            Entry known = entries.get(key);
            fresh = known == null || known.value.isCompletedExceptionally();
            entry = known == null || fresh ? new Entry(key, size) : known;
            entries.put(key, entry);
            entry.users++;
            entry.lastUse = ++uses;
            if (fresh) {
                loads++;
            } else {
                hits++;
            }
            leaving = makeRoom();
        }
        leaving.forEach(closer);
        if (fresh) {
            Thread.ofPlatform().daemon().name("skald-load").start(() -> load(entry, loader));
        }
        return new Lease(entry, fresh);
    }

    private void load(Entry entry, Supplier<? extends V> loader) {
        try {
            entry.value.complete(loader.get());
        } catch (Throwable e) {
            synchronized (this) {
                entries.remove(entry.key, entry);
            }
            entry.value.completeExceptionally(e);
        }
    }

    private void release(Entry entry) {
        List<V> leaving;
        synchronized (this) {
            entry.users--;
            entry.lastUse = ++uses;
            leaving = makeRoom();
            notifyAll();
        }
        leaving.forEach(closer);
    }

    /** Removes what has to go; the lock is held. */
    private List<V> makeRoom() {
        List<V> leaving = new ArrayList<>();
        long total = entries.values().stream().mapToLong(e -> e.size).sum();
        while (total > budget) {
            Entry oldest = null;
            for (Entry e : entries.values()) {
                if (e.users == 0 && (oldest == null || e.lastUse < oldest.lastUse)) {
                    oldest = e;
                }
            }
            if (oldest == null || (entries.size() == 1 && budget != NOTHING)) {
                break;
            }
            entries.remove(oldest.key);
            total -= oldest.size;
            // Nobody uses it, so it was awaited or given up: a late one is closed when it is there.
            V there = oldest.value.getNow(null);
            if (there != null) {
                leaving.add(there);
            } else {
                oldest.value.thenAccept(closer);
            }
        }
        return leaving;
    }

    /** Closes those that are loaded and nobody uses: their memory is needed. */
    public void closeIdle() {
        List<V> leaving = new ArrayList<>();
        synchronized (this) {
            for (Entry e : List.copyOf(entries.values())) {
                V there = e.value.isCompletedExceptionally() ? null : e.value.getNow(null);
                if (e.users == 0 && there != null) {
                    entries.remove(e.key);
                    leaving.add(there);
                }
            }
        }
        leaving.forEach(closer);
    }

    /** How many entries there are. */
    public synchronized int size() {
        return entries.size();
    }

    /** How often an entry was there when it was taken. */
    public synchronized long hits() {
        return hits;
    }

    /** How often one had to be loaded. */
    public synchronized long loads() {
        return loads;
    }

    /** Waits until nobody uses an entry any more, then closes all. Takes no more. */
    @Override
    public void close() {
        List<Entry> all;
        synchronized (this) {
            closed = true;
            while (entries.values().stream().anyMatch(e -> e.users > 0)) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    // What is still in use cannot be freed; the process is about to end.
                    Thread.currentThread().interrupt();
                    return;
                }
            }
            all = List.copyOf(entries.values());
            entries.clear();
        }
        for (Entry entry : all) {
            @Nullable V value = entry.value.handle((v, failed) -> v).join();
            if (value != null) {
                closer.accept(value);
            }
        }
    }
}
