package dev.skald.chatterbox.t3;

import dev.skald.Precision;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Cache;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The caches of the rows that one pass of a transformer computes, and where each row is. A row is
 * one batch of the pass: a sequence, or one of a guided sequence's two.
 */
final class KvRows {
    private final Ops ops;
    private final int heads;
    private final List<KvCache> rows;

    /** By layer: its cache of each row. */
    private final List<List<Cache>> layers = new ArrayList<>();

    /** Position of the first computed one of each row. */
    private final Ints first;

    /** Filled positions of each row, those being computed included. */
    private final Ints lengths;

    private Ints positions;
    private float @Nullable [][] recorded;
    private boolean halves;
    private @Nullable Watcher watcher;

    /** Sees what attends to what. */
    interface Watcher {
        /** A layer's queries and keys (B,T,H*D), rotated, before it attends. */
        void attends(int layer, Tensor q, Tensor k);
    }

    KvRows(Ops ops, T3 model, List<KvCache> rows) {
        this.ops = ops;
        heads = model.config().heads();
        this.rows = List.copyOf(rows);
        for (int i = 0; i < model.config().layers(); i++) {
            int layer = i;
            layers.add(rows.stream().map(r -> r.layer(layer)).toList());
        }
        first = ops.ints(rows.size());
        lengths = ops.ints(rows.size());
        positions = first;
    }

    /** What is appended from now on, of one row, is put into an array a layer as well. */
    void record(float[][] to, Precision precision) {
        recorded = to;
        halves = precision == Precision.BF16;
    }

    void watch(Watcher watcher) {
        this.watcher = watcher;
    }

    /** Makes room for {@code count} more positions of each row. */
    void advance(int count) {
        int n = rows.size();
        int[] from = new int[n];
        int[] to = new int[n];
        int[] each = new int[n * count];
        for (int r = 0; r < n; r++) {
            from[r] = rows.get(r).filled();
            rows.get(r).advance(count);
            to[r] = rows.get(r).filled();
            for (int i = 0; i < count; i++) {
                each[r * count + i] = from[r] + i;
            }
        }
        ops.write(from, first);
        ops.write(to, lengths);
        if (count == 1) {
            positions = first;
        } else {
            positions = ops.ints(each);
        }
    }

    /** Position of the first row being computed of each batch. */
    Ints first() {
        return first;
    }

    /** Position of every row being computed, batch by batch. */
    Ints positions() {
        return positions;
    }

    /** Keeps a layer's keys and values (B,T,H*D), then attends: q (B,T,H*D) → out. */
    void attend(int layer, Tensor q, Tensor k, Tensor v, float scale, Tensor out, Taps taps) {
        List<Cache> caches = layers.get(layer);
        ops.append(k, v, caches, first);
        if (watcher != null) {
            watcher.attends(layer, q, k);
        }
        if (recorded != null) {
            recorded[layer] = kept(k, v);
        }
        if (layer == 0 && taps.on()) {
            tap("k_cache0", k, taps);
            tap("v_cache0", v, taps);
        }
        ops.attentionCached(q, caches, lengths, scale, out);
    }

    /** Keys, then values, as the cache keeps them. */
    private float[] kept(Tensor k, Tensor v) {
        int n = k.rows() * k.cols();
        float[] both = Arrays.copyOf(ops.read(k), 2 * n);
        System.arraycopy(ops.read(v), 0, both, n, n);
        for (int i = 0; halves && i < both.length; i++) {
            int bits = Float.floatToRawIntBits(both[i]);
            bits += 0x7fff + (bits >>> 16 & 1); // to the nearest, ties to even
            both[i] = Float.intBitsToFloat(bits & 0xffff0000);
        }
        return both;
    }

    /** As the official cache lies: (B,H,T,D). */
    private void tap(String name, Tensor x, Taps taps) {
        float[] from = ops.read(x);
        float[] to = new float[from.length];
        int d = x.cols() / heads;
        for (int b = 0; b < x.batch(); b++) {
            for (int t = 0; t < x.rows(); t++) {
                for (int h = 0; h < heads; h++) {
                    int source = ((b * x.rows() + t) * heads + h) * d;
                    int target = ((b * heads + h) * x.rows() + t) * d;
                    System.arraycopy(from, source, to, target, d);
                }
            }
        }
        taps.tap(name, to, x.batch(), heads, x.rows(), d);
    }
}
