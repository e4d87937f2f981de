package dev.skald.chatterbox.t3;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Cache;
import java.util.ArrayList;
import java.util.List;

/** Keys and values of one row of one sequence: a cache a layer. Closed by who made it. */
final class KvCache implements AutoCloseable {
    private final List<Cache> layers;
    private final int capacity;
    private int filled;

    private KvCache(List<Cache> layers, int capacity, int filled) {
        this.layers = List.copyOf(layers);
        this.capacity = capacity;
        this.filled = filled;
    }

    /** An empty one. */
    static KvCache of(Ops ops, T3 model, int capacity) {
        int heads = model.config().heads();
        int dim = model.cacheWidth() / heads;
        List<Cache> layers = new ArrayList<>();
        for (int i = 0; i < model.config().layers(); i++) {
            layers.add(ops.cache(heads, dim, capacity, model.cachePrecision()));
        }
        return new KvCache(layers, capacity, 0);
    }

    /** One that begins with all of this, whose memory it shares. */
    KvCache fork(Ops ops, int longest) {
        List<Cache> forks = new ArrayList<>();
        for (Cache layer : layers) {
            forks.add(ops.fork(layer, filled, longest));
        }
        return new KvCache(forks, longest, filled);
    }

    Cache layer(int index) {
        return layers.get(index);
    }

    /** Makes room for {@code count} more positions. */
    void advance(int count) {
        if (filled + count > capacity) {
            throw new IllegalStateException(
                    "position " + (filled + count) + " of a cache of " + capacity);
        }
        filled += count;
    }

    int filled() {
        return filled;
    }

    int capacity() {
        return capacity;
    }

    @Override
    public void close() {
        layers.forEach(Cache::close);
    }
}
