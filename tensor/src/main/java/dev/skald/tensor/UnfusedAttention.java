package dev.skald.tensor;

import dev.skald.Optimisation;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Ops.Scope;
import dev.skald.tensor.Parameters.Linear;
import org.jspecify.annotations.Nullable;

/**
 * What a backend does without {@link Optimisation#FUSED_ATTENTION}: for each head a product for the
 * scores, a softmax, a product with the values, each through memory, in fp32.
 *
 * <p>A softmax is that of the scores less any number a row. Here it is the score of the first key
 * (of a relative position: that of distance 0), which is taken off before the product; scores more
 * than {@value #HIGHEST} above it are cut.
 *
 * <p>Legend: B batch, T queries, S keys, D columns of a head.
 */
public final class UnfusedAttention {
    private static final float HIGHEST = 80;

    /** The score of a key that must not be seen: its weight is 0. */
    private static final float MASKED = -1e30f;

    /** Makes linear maps of activations, in fp32. */
    public interface Products {
        /** x (1,T,c) → x m^T (1,T,n), of m (1,n,c). */
        Linear byRows(Tensor m);

        /** x (1,T,n) → x m (1,T,c), of m (1,n,c). */
        Linear byColumns(Tensor m);
    }

    /** What is added to the scores of a head, and to what comes out, if anything. */
    private interface Terms {
        void scores(int batch, int head, Tensor scores);

        default void values(int batch, int head, Tensor weights, Tensor out) {}
    }

    private static final Terms NONE = (batch, head, scores) -> {};

    private final Ops ops;
    private final Products products;

    public UnfusedAttention(Ops ops, Products products) {
        this.ops = ops;
        this.products = products;
    }

    /** As {@link Ops#attention}; causal without padding alone. */
    public void plain(
            Tensor q, Tensor k, Tensor v, int heads, float scale, boolean causal, Tensor out) {
        try (Scope scope = ops.scope()) {
            Tensor mask = causal ? causal(q.rows(), k.rows()) : null;
            Terms terms =
                    mask == null ? NONE : (batch, head, scores) -> ops.add(scores, mask, scores);
            run(clean(q), k, v, heads, scale, terms, out);
            int blind = causal ? Math.max(0, q.rows() - k.rows()) : 0; // see no key
            if (blind > 0) {
                ops.fill(out.rows(0, blind), 0);
            }
        }
    }

    /** As {@link Ops#attentionShaw}. */
    public void shaw(
            Tensor q,
            Tensor k,
            Tensor v,
            int heads,
            float scale,
            Tensor relK,
            Tensor relV,
            Tensor out) {
        int t = q.rows();
        int d = q.cols() / heads;
        int band = relK.rows();
        int w = band / 2;
        try (Scope scope = ops.scope()) {
            Tensor queries = clean(q);
            Linear keys = products.byRows(relK);
            Linear values = products.byColumns(relV);
            // Row i of a band begins i values later: windows with one value more a row.
            int width = t + 2 * w;
            Terms terms =
                    new Terms() {
                        private Tensor diagonal(Tensor flat) {
                            return flat.windows(band, width + 1, t);
                        }

                        @Override
                        public void scores(int b, int h, Tensor scores) {
                            try (Scope inner = ops.scope()) {
                                Tensor query = queries.batch(b).cols(h * d, h * d + d);
                                Tensor near = ops.linear(query, keys);
                                Tensor flat = ops.zeros(1, 1, t * width);
                                ops.copy(near, diagonal(flat));
                                Tensor all = flat.reshape(1, t, width).cols(w, w + t);
                                ops.addScaled(scores, all, scale, scores);
                            }
                        }

                        @Override
                        public void values(int b, int h, Tensor weights, Tensor made) {
                            try (Scope inner = ops.scope()) {
                                Tensor flat = ops.zeros(1, 1, t * width);
                                ops.copy(weights, flat.reshape(1, t, width).cols(w, w + t));
                                Tensor near = ops.tensor(1, t, band);
                                ops.copy(diagonal(flat), near);
                                ops.linear(near, values, Epilogue.plus(made), made);
                            }
                        }
                    };
            run(queries, k, v, heads, scale, terms, out);
        }
    }

    /** As {@link Ops#attentionTransformerXl}. */
    public void transformerXl(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor p,
            Tensor biasU,
            Tensor biasV,
            int heads,
            float scale,
            Tensor out) {
        int t = q.rows();
        int d = q.cols() / heads;
        try (Scope scope = ops.scope()) {
            Tensor content = clean(q);
            Tensor position = ops.tensor(q.batch(), t, q.cols());
            ops.add(content, biasV, position);
            ops.add(content, biasU, content);
            // That of distance 0 has its place in every bucket.
            Tensor positions = less(clean(p), t - 1);
            Terms terms =
                    (b, h, scores) -> {
                        try (Scope inner = ops.scope()) {
                            Tensor query = position.batch(b).cols(h * d, h * d + d);
                            Linear keys = products.byRows(positions.cols(h * d, h * d + d));
                            Tensor all = ops.linear(query, keys); // (1, T, 2T-1)
                            // Row i is read from T-1-i on: windows with one value less a row.
                            int from = t - 1;
                            Tensor flat = all.reshape(1, 1, t * (2 * t - 1));
                            Tensor shifted =
                                    flat.cols(from, from + (t - 1) * (2 * t - 2) + t)
                                            .windows(t, 2 * t - 2, t);
                            ops.addScaled(scores, shifted, scale, scores);
                        }
                    };
            run(content, k, v, heads, scale, terms, out);
        }
    }

    private void run(
            Tensor q, Tensor k, Tensor v, int heads, float scale, Terms terms, Tensor out) {
        int t = q.rows();
        int s = k.rows();
        int d = q.cols() / heads;
        if (t == 0 || s == 0 || d == 0) {
            return;
        }
        Tensor keys = less(clean(k), 0);
        Tensor values =
                clean(v.lengths() == null && k.lengths() != null ? v.valid(k.lengths()) : v);
        Tensor mask = padding(k);
        Tensor ones = ops.tensor(1, s, d);
        ops.fill(ones, 1);
        Linear sum = products.byColumns(ones);
        for (int b = 0; b < q.batch(); b++) {
            for (int h = 0; h < heads; h++) {
                int from = h * d;
                int to = from + d;
                try (Scope scope = ops.scope()) {
                    // Rows begin at multiples of 16 bytes.
                    Tensor scores = ops.tensor(1, t, (s + 3) / 4 * 4).cols(0, s);
                    Linear key = products.byRows(keys.batch(b).cols(from, to));
                    Epilogue scaled = new Epilogue(Activation.NONE, scale, null);
                    ops.linear(q.batch(b).cols(from, to), key, scaled, scores);
                    terms.scores(b, h, scores);
                    if (mask != null) {
                        ops.add(scores, mask.batch(b), scores);
                    }
                    ops.clamp(scores, MASKED, HIGHEST, scores);
                    ops.activate(scores, Activation.EXP, scores);
                    Tensor made = ops.tensor(1, t, d);
                    Linear value = products.byColumns(values.batch(b).cols(from, to));
                    ops.linear(scores, value, Epilogue.NONE, made);
                    terms.values(b, h, scores, made);
                    Tensor divisor = ops.tensor(1, t, d);
                    ops.linear(scores, sum, Epilogue.NONE, divisor);
                    ops.activate(divisor, Activation.logClamped(1e-30f), divisor);
                    ops.scale(divisor, -1, 0, divisor);
                    ops.activate(divisor, Activation.EXP, divisor);
                    ops.mul(made, divisor, out.batch(b).cols(from, to));
                }
            }
        }
    }

    /** In fp32, without gaps, zeros in the padding; not padded itself. */
    private Tensor clean(Tensor x) {
        Tensor to = ops.tensor(x.batch(), x.rows(), x.cols());
        Ints lengths = x.lengths();
        if (lengths == null) {
            ops.copy(x, to);
            return to;
        }
        ops.fill(to, 0);
        ops.activate(x, Activation.NONE, to.valid(lengths));
        return to;
    }

    /** Each row less one of them, in place. */
    private Tensor less(Tensor x, int row) {
        Tensor one = ops.tensor(x.batch(), 1, x.cols());
        ops.copy(x.rows(row, row + 1), one);
        ops.addScaled(x, one, -1, x);
        return x;
    }

    /** (B,1,S): what is added to scores of keys beyond the valid ones; null if all are valid. */
    private @Nullable Tensor padding(Tensor k) {
        Ints lengths = k.lengths();
        if (lengths == null) {
            return null;
        }
        Tensor mask = ops.tensor(k.batch(), k.rows(), 1);
        ops.fill(mask, MASKED);
        Tensor valid = mask.valid(lengths);
        ops.scale(valid, 0, 0, valid);
        return mask.reshape(k.batch(), 1, k.rows());
    }

    /** (1,T,S): what hides the keys that come after a query. */
    private Tensor causal(int queries, int keys) {
        Tensor mask = ops.zeros(1, queries, keys);
        for (int i = 0; i < queries; i++) {
            int seen = Math.clamp(keys - queries + i + 1L, 0, keys);
            if (seen < keys) {
                ops.fill(mask.rows(i, i + 1).cols(seen, keys), MASKED);
            }
        }
        return mask;
    }
}
