package dev.skald.chatterbox.t3;

import dev.skald.nn.LayerNorm;
import dev.skald.nn.Loader;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;

/**
 * Resamples a prompt of any length to a fixed number of rows: learned queries attend to the prompt,
 * then to themselves, through one and the same attention block. Source: {@code
 * t3/modules/perceiver.py}; Jaegle et al., "Perceiver", 2021.
 */
final class Perceiver {
    private static final float EPS = 1e-5f;

    private final int heads;
    private final Tensor query; // (1,R,C)
    private final LayerNorm norm;
    private final Linear toQ;
    private final Linear toK;
    private final Linear toV;
    private final Linear output;

    Perceiver(Loader load, int c, int heads) {
        this.heads = heads;
        query = load.constant("pre_attention_query", 1, -1, c);
        norm = load.layerNorm("attn.norm", c, EPS);
        toQ = load.linear("attn.to_q", c, c);
        toK = load.linear("attn.to_k", c, c);
        toV = load.linear("attn.to_v", c, c);
        output = load.linear("attn.proj_out", c, c);
    }

    int rows() {
        return query.rows();
    }

    /** prompt (1,T,C) → out (1,R,C). */
    void resample(Ops ops, Tensor prompt, Tensor out, Taps taps) {
        Tensor first = ops.tensor(1, query.rows(), query.cols());
        attend(ops, query, prompt, first);
        taps.tap("perceiver0", ops, first);
        attend(ops, first, first, out);
        taps.tap("perceiver1", ops, out);
    }

    /** The residual adds the query as it was before the norm. */
    private void attend(Ops ops, Tensor x1, Tensor x2, Tensor out) {
        int c = x1.cols();
        Tensor n1 = norm.forward(ops, x1);
        Tensor n2 = x1 == x2 ? n1 : norm.forward(ops, x2);
        Tensor h = ops.tensor(1, x1.rows(), c);
        ops.attention(
                ops.linear(n1, toQ),
                ops.linear(n2, toK),
                ops.linear(n2, toV),
                heads,
                (float) (1 / Math.sqrt((double) c / heads)),
                false,
                h);
        ops.linear(h, output, Epilogue.plus(x1), out);
    }
}
