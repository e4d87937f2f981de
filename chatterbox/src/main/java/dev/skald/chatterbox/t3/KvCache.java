package dev.skald.chatterbox.t3;

import dev.skald.Precision;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Cache;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Keys and values of every position so far, and where the next ones go. */
final class KvCache {
    /** One a layer. */
    final Cache[] layers;

    /** Position of the first row that is being computed. */
    final Ints first;

    /** Position of each row that is being computed. */
    private Ints rows;

    /** Filled rows, those being computed included. */
    final Ints length;

    private final Ops ops;
    private final Precision precision;
    private final int batch;
    private final int heads;
    private final int width;
    private final int capacity;
    private int filled;
    private float @Nullable [][] recorded;

    KvCache(Ops ops, T3 model, int batch, int capacity) {
        this.ops = ops;
        this.capacity = capacity;
        this.batch = batch;
        precision = model.cachePrecision();
        width = model.cacheWidth();
        Transformer t = model.transformer();
        heads = model.config().heads();
        layers = new Cache[t.layers()];
        for (int i = 0; i < layers.length; i++) {
            layers[i] = ops.cache(batch, heads, width / heads, capacity, precision);
        }
        first = ops.ints(1);
        length = ops.ints(1);
        rows = first;
    }

    /** What is appended from now on, of one batch, is put into an array a layer as well. */
    void record(float[][] layers) {
        recorded = layers;
    }

    /** Begins with what is known of the positions before the text, in every batch. */
    void restore(T3Prefix prefix) {
        int n = prefix.rows();
        advance(n);
        float[] values = new float[2 * n * width];
        for (int i = 0; i < layers.length; i++) {
            try (Ops.Scope ignored = ops.scope()) {
                Tensor k = ops.tensor(batch, n, width);
                Tensor v = ops.tensor(batch, n, width);
                prefix.read(i, values);
                for (int b = 0; b < batch; b++) {
                    ops.write(values, 0, k.batch(b));
                    ops.write(values, n * width, v.batch(b));
                }
                ops.append(k, v, layers[i], first);
            }
        }
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

    /** Keeps a layer's keys and values (B,T,H*D) of the positions it was just advanced by. */
    void append(int layer, Tensor k, Tensor v, Taps taps) {
        ops.append(k, v, layers[layer], first);
        if (recorded != null) {
            recorded[layer] = kept(k, v);
        }
        if (layer == 0 && taps.on()) {
            tap("k_cache0", k, taps);
            tap("v_cache0", v, taps);
        }
    }

    /** Keys, then values, as the cache keeps them. */
    private float[] kept(Tensor k, Tensor v) {
        int n = k.rows() * width;
        float[] both = Arrays.copyOf(ops.read(k), 2 * n);
        System.arraycopy(ops.read(v), 0, both, n, n);
        for (int i = 0; precision == Precision.BF16 && i < both.length; i++) {
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
