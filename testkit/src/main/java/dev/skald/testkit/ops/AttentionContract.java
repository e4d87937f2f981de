package dev.skald.testkit.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Precision;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;
import dev.skald.testkit.ops.Naive.Array;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every form of attention against its formula, on random shapes and on views. */
public abstract class AttentionContract extends ConvolutionContract {
    @Test
    void attention() {
        for (int round = 0; round < 12; round++) {
            int heads = pick(1, 3);
            int d = pick(1, 40);
            int keys = pick(1, 110);
            boolean causal = round % 2 == 0;
            int queries = causal ? pick(1, keys) : pick(1, 110);
            Tensor q = tensor(2, queries, heads * d);
            Tensor k = tensor(2, keys, heads * d);
            Tensor v = tensor(2, keys, heads * d);
            Tensor out = space(2, queries, heads * d);
            ops.attention(q, k, v, heads, 0.3f, causal, out);
            int first = causal ? keys - queries + 1 : -1;
            same(
                    out,
                    Naive.attention(
                            array(q), array(k), array(v), heads, 0.3f, first, Naive.NOTHING),
                    2e-5);
        }
    }

    /** Of five queries at the end of three keys, the first two see nothing. */
    @Test
    void queriesBeforeAllKeysGetNothing() {
        Tensor q = tensor(1, 5, 8);
        Tensor k = tensor(1, 3, 8);
        Tensor v = tensor(1, 3, 8);
        Tensor out = space(1, 5, 8);
        ops.attention(q, k, v, 2, 0.3f, true, out);
        for (float nothing : ops.read(out.rows(0, 2))) {
            assertThat(Math.abs(nothing)).isEqualTo(0f);
        }
        Tensor rest = space(1, 3, 8);
        ops.attention(q.rows(2, 5), k, v, 2, 0.3f, true, rest);
        same(out.rows(2, 5), array(rest), 1e-6);
    }

    @Test
    void attentionShaw() {
        for (int round = 0; round < 10; round++) {
            int d = pick(1, 30);
            int t = pick(1, 100);
            int w = 4;
            Tensor q = tensor(1, t, 2 * d);
            Tensor k = tensor(1, t, 2 * d);
            Tensor v = tensor(1, t, 2 * d);
            Tensor rk = tensor(1, 2 * w + 1, d);
            Tensor rv = tensor(1, 2 * w + 1, d);
            Array aq = array(q);
            Array ak = array(rk);
            Array av = array(rv);
            Naive.Extra near =
                    new Naive.Extra() {
                        @Override
                        public double score(int b, int h, int i, int j) {
                            double s = 0;
                            for (int c = 0; c < d && Math.abs(j - i) <= w; c++) {
                                s += aq.at(b, i, h * d + c) * ak.at(0, j - i + w, c);
                            }
                            return s;
                        }

                        @Override
                        public double value(int b, int i, int j, int c) {
                            return Math.abs(j - i) <= w ? av.at(0, j - i + w, c) : 0;
                        }
                    };
            Tensor out = space(1, t, 2 * d);
            ops.attentionShaw(q, k, v, 2, 0.4f, rk, rv, out);
            same(out, Naive.attention(aq, array(k), array(v), 2, 0.4f, -1, near), 2e-5);
        }
    }

    @Test
    void attentionTransformerXl() {
        for (int round = 0; round < 10; round++) {
            int d = pick(1, 30);
            int t = pick(1, 120);
            Tensor q = tensor(2, t, 2 * d);
            Tensor k = tensor(2, t, 2 * d);
            Tensor v = tensor(2, t, 2 * d);
            Tensor p = tensor(1, 2 * t - 1, 2 * d);
            Tensor u = tensor(1, 1, 2 * d);
            Tensor w = tensor(1, 1, 2 * d);
            Array aq = array(q);
            Array ak = array(k);
            Array ap = array(p);
            Array au = array(u);
            Array aw = array(w);
            Naive.Extra far =
                    new Naive.Extra() {
                        @Override
                        public double score(int b, int h, int i, int j) {
                            double s = 0;
                            for (int c = h * d; c < h * d + d; c++) {
                                s += au.at(0, 0, c) * ak.at(b, j, c);
                                s += (aq.at(b, i, c) + aw.at(0, 0, c)) * ap.at(0, t - 1 - i + j, c);
                            }
                            return s;
                        }

                        @Override
                        public double value(int b, int i, int j, int c) {
                            return 0;
                        }
                    };
            Tensor out = space(2, t, 2 * d);
            ops.attentionTransformerXl(q, k, v, p, u, w, 2, 0.2f, out);
            same(out, Naive.attention(aq, ak, array(v), 2, 0.2f, -1, far), 2e-5);
        }
    }

    @Test
    void cachedAttentionAndRotary() {
        int heads = 2;
        int d = 16;
        Ops.Ints at = ops.ints(2);
        for (Precision precision : new Precision[] {Precision.FP32, Precision.BF16}) {
            List<Ops.Cache> cache =
                    List.of(
                            ops.cache(heads, d, 400, precision),
                            ops.cache(heads, d, 400, precision));
            Tensor keys = ops.tensor(2, 400, heads * d);
            Tensor values = ops.tensor(2, 400, heads * d);
            int filled = 0;
            for (int n : new int[] {9, 1, 1, 3, 20, 94, 1, 140}) {
                Tensor q = tensor(2, n, heads * d);
                Tensor k = tensor(2, n, heads * d);
                Tensor v = tensor(2, n, heads * d);
                ops.copy(k, keys.rows(filled, filled + n));
                ops.copy(v, values.rows(filled, filled + n));
                ops.write(new int[] {filled, filled}, at);
                ops.append(k, v, cache, at);
                filled += n;
                ops.write(new int[] {filled, filled}, at);
                Tensor out = space(2, n, heads * d);
                ops.attentionCached(q, cache, at, 0.3f, out);
                same(
                        out,
                        Naive.attention(
                                array(q),
                                array(keys.rows(0, filled)),
                                array(values.rows(0, filled)),
                                heads,
                                0.3f,
                                filled - n + 1,
                                Naive.NOTHING),
                        precision == Precision.FP32 ? 2e-5 : 1e-2);
            }
        }
        Tensor x = tensor(2, 5, heads * d);
        Array y = array(x);
        Tensor cos = ops.tensor(1, 50, d / 2);
        Tensor sin = ops.tensor(1, 50, d / 2);
        float[] c = new float[50 * d / 2];
        float[] s = new float[50 * d / 2];
        for (int i = 0; i < c.length; i++) {
            c[i] = (float) Math.cos(i * 0.1);
            s[i] = (float) Math.sin(i * 0.1);
        }
        ops.write(c, 0, cos);
        ops.write(s, 0, sin);
        ops.write(new int[] {7, 11}, at);
        ops.rotary(x, heads, cos, sin, at);
        Array turned = Array.zeros(2, 5, heads * d);
        for (int b = 0; b < 2; b++) {
            for (int t = 0; t < 5; t++) {
                for (int j = 0; j < heads * d; j++) {
                    int k = j % d;
                    double angle = ((t + 7 + 4 * b) * d / 2 + k % (d / 2)) * 0.1;
                    double other = y.at(b, t, k < d / 2 ? j + d / 2 : j - d / 2);
                    turned.set(
                            b,
                            t,
                            j,
                            y.at(b, t, j) * Math.cos(angle)
                                    + (k < d / 2 ? -1 : 1) * other * Math.sin(angle));
                }
            }
        }
        same(x, turned, SUMS);
    }
}
