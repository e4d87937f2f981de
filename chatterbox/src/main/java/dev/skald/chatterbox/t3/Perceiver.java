package dev.skald.chatterbox.t3;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.Weights;

/**
 * Resamples a prompt of any length to a fixed number of rows: learned queries attend to the prompt,
 * then to themselves, through one and the same attention block. Source: {@code
 * t3/modules/perceiver.py}; Jaegle et al., "Perceiver", 2021.
 */
final class Perceiver {
    private static final float EPS = 1e-5f;

    private final int heads;
    private final Tensor query; // (1,R,C)
    private final Tensor gain; // (1,1,C)
    private final Tensor shift; // (1,1,C)
    private final Linear toQ;
    private final Linear toK;
    private final Linear toV;
    private final Linear output;

    Perceiver(Parameters parameters, Weights w, int c, int heads) {
        this.heads = heads;
        Weight q = w.get("pre_attention_query", 1, -1, c);
        query = parameters.constant(q.floats(), q.shape()[1], c);
        gain = parameters.vector(w.get("attn.norm.weight", c));
        shift = parameters.vector(w.get("attn.norm.bias", c));
        toQ = linear(parameters, w.under("attn.to_q."), c);
        toK = linear(parameters, w.under("attn.to_k."), c);
        toV = linear(parameters, w.under("attn.to_v."), c);
        output = linear(parameters, w.under("attn.proj_out."), c);
    }

    private static Linear linear(Parameters parameters, Weights w, int c) {
        return parameters.linear(w.get("weight", c, c), w.get("bias", c), Role.WORKING);
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
        Tensor n1 = ops.layerNorm(x1, gain, shift, EPS);
        Tensor n2 = x1 == x2 ? n1 : ops.layerNorm(x2, gain, shift, EPS);
        Tensor h = ops.tensor(1, x1.rows(), c);
        ops.attention(
                ops.linear(n1, toQ),
                ops.linear(n2, toK),
                ops.linear(n2, toV),
                heads,
                (float) (1 / Math.sqrt((double) c / heads)),
                false,
                h);
        ops.linear(h, output, new Epilogue(Activation.NONE, 1, x1), out);
    }
}
