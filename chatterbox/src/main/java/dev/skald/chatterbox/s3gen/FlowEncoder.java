package dev.skald.chatterbox.s3gen;

import dev.skald.nn.Conv;
import dev.skald.nn.Conv1d;
import dev.skald.nn.FeedForward;
import dev.skald.nn.LayerNorm;
import dev.skald.nn.Loader;
import dev.skald.nn.Qkv;
import dev.skald.nn.RelativePositions;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * From speech tokens to what the flow follows: embedding, a convolution that looks three tokens
 * ahead, conformer layers without convolution module, doubling of the rate, more layers. Follows
 * {@code s3gen/transformer/upsample_encoder.py} of resemble-ai/chatterbox (CosyVoice 2).
 *
 * <p>Legend: T tokens, C hidden size, M 80 mel bands.
 */
final class FlowEncoder {
    /** Tokens that the encoder looks ahead. */
    static final int LOOKAHEAD = 3;

    /** Frames of the longest sequence: 25 s of clip and 25 s of speech, with some to spare. */
    private static final int LONGEST = 2560;

    private static final float EPS = 1e-5f;
    private static final float LAYER_EPS = 1e-12f;

    /** A linear map and a norm whose output is scaled by sqrt(C). */
    private record Embed(Linear map, LayerNorm norm) {
        void forward(Ops ops, Tensor x, Tensor out) {
            ops.linear(x, map, Epilogue.NONE, out);
            norm.forward(ops, out, out);
        }
    }

    private record Layer(
            LayerNorm normMha,
            Linear qkv,
            Tensor posBiasU,
            Tensor posBiasV,
            Linear out,
            FeedForward feedForward) {}

    /**
     * Layers one after the other.
     *
     * @param linearPos what each makes of the relative positions, side by side
     */
    private record Stack(List<Layer> layers, Linear linearPos) {}

    private final int heads;
    private final int hidden;
    private final Embedding tokens;
    private final Embed embed;
    private final Conv1d lookahead1;
    private final Conv1d lookahead2;
    private final Stack stack;
    private final Conv1d upsample;
    private final Embed upEmbed;
    private final Stack upStack;
    private final LayerNorm afterNorm;
    private final Linear projection;
    private final RelativePositions positions;

    /** Loads the weights under {@code flow.}. */
    FlowEncoder(Loader load) {
        tokens = load.embedding("input_embedding", -1, -1);
        hidden = tokens.dim();
        Loader e = load.under("encoder");
        heads = e.get("encoders.0.self_attn.pos_bias_u", -1, -1).shape()[0];
        embed = embed(e.under("embed.out"));
        lookahead1 = conv(e, "pre_lookahead_layer.conv1", Conv.padded(LOOKAHEAD + 1, 0, LOOKAHEAD));
        lookahead2 = conv(e, "pre_lookahead_layer.conv2", Conv.causal(3));
        stack = stack(e, "encoders");
        upsample = conv(e, "up_layer.conv", Conv.causal(5));
        upEmbed = embed(e.under("up_embed.out"));
        upStack = stack(e, "up_encoders");
        afterNorm = e.layerNorm("after_norm", hidden, EPS);
        projection = load.linear("encoder_proj", hidden, -1);
        positions = new RelativePositions(load.parameters(), hidden, LONGEST);
    }

    private Embed embed(Loader load) {
        return new Embed(
                load.linear("0", hidden, hidden),
                load.layerNorm("1", hidden, EPS, Math.sqrt(hidden)));
    }

    /** Little of the work, and what comes first: its rounding reaches everything. */
    private Conv1d conv(Loader load, String name, Conv how) {
        return load.role(Role.DIRECT).conv1d(name, hidden, hidden, how);
    }

    private Stack stack(Loader load, String name) {
        List<Layer> layers = load.list(name, "norm_mha.weight", this::layer);
        String[] maps = new String[layers.size()];
        for (int i = 0; i < maps.length; i++) {
            maps[i] = name + "." + i + ".self_attn.linear_pos";
        }
        return new Stack(layers, load.linearsNoBias(hidden, hidden, maps));
    }

    private Layer layer(Loader load) {
        int c = hidden;
        Loader a = load.under("self_attn");
        Linear wide = load.linear("feed_forward.w_1", c, -1);
        return new Layer(
                load.layerNorm("norm_mha", c, LAYER_EPS),
                a.linears(c, c, "linear_q", "linear_k", "linear_v"),
                a.vector("pos_bias_u", heads, c / heads),
                a.vector("pos_bias_v", heads, c / heads),
                a.linear("linear_out", c, c),
                new FeedForward(
                        load.layerNorm("norm_ff", c, LAYER_EPS),
                        wide,
                        Activation.SILU,
                        load.linear("feed_forward.w_2", wide.out(), c)));
    }

    /** How many different tokens there are. */
    int vocabulary() {
        return tokens.entries();
    }

    /** Throws {@link IllegalArgumentException} on an id that is no token. */
    void check(int[] ids) {
        for (int id : ids) {
            if (id < 0 || id >= tokens.entries()) {
                throw new IllegalArgumentException(
                        "speech token " + id + " is not one of 0 to " + (tokens.entries() - 1));
            }
        }
    }

    /**
     * What it works on.
     *
     * @param ids N times T token ids, the prompt's first; padding may hold any token
     * @param lengths how many of each T are valid; null for all
     * @param mu (N,2T,M): what comes out
     */
    record Sequences(Ints ids, @Nullable Ints lengths, Tensor mu) {}

    /**
     * For N times so many tokens, in the caller's scope.
     *
     * @param padded whether fewer may be valid
     */
    Sequences sequences(Ops ops, int n, int count, boolean padded) {
        return new Sequences(
                ops.ints(n * count),
                padded ? ops.ints(n) : null,
                ops.tensor(n, 2 * count, projection.out()));
    }

    /**
     * Nothing in it comes from the host.
     *
     * @param beyond how many zero embeddings follow the tokens of the one sequence: 0 unless a
     *     reference padded its rows, which the look-ahead then sees
     */
    void encode(Ops ops, Sequences of, int beyond, Taps taps) {
        Ints ids = of.ids();
        Ints lengths = of.lengths();
        int n = of.mu().batch();
        int count = of.mu().rows() / 2;
        try (var scope = ops.scope()) {
            Tensor mu = lengths == null ? of.mu() : of.mu().valid(ops.lengths(lengths, 2, 0, 1));
            int seen = Math.min(LOOKAHEAD, beyond);
            Tensor x = ops.tensor(n, count + seen, hidden);
            Tensor e = ops.operand(x, hidden, embed.map());
            ops.embed(tokens, ids, seen > 0 ? e.rows(0, count) : e.reshape(1, n * count, hidden));
            if (seen > 0) {
                ops.fill(e.rows(count, count + seen), 0);
            }
            taps.tap("token_emb", ops, e.rows(0, count));
            if (lengths != null) {
                e = e.valid(lengths);
                x = x.valid(lengths);
            }
            embed.forward(ops, e, x);
            taps.tap("enc_embed", ops, x.rows(0, count));
            Tensor ahead = ops.operand(x.rows(0, count), hidden, lookahead2.weight());
            lookahead1
                    .padded(0, LOOKAHEAD - seen)
                    .forward(ops, x, Epilogue.of(Activation.leakyRelu(0.01f)), ahead);
            Tensor h = // (N,T,C)
                    lookahead2.forward(ops, ahead, Epilogue.plus(x.rows(0, count)));
            taps.tap("enc_pos", ops, positions.of(count));
            taps.tap("enc_lookahead", ops, h);
            run(ops, h, stack, "enc_layer", taps);

            Tensor twice = ops.operand(mu, hidden, upsample.weight());
            ops.repeat(h, 2, twice);
            Tensor up = ops.operand(mu, hidden, upEmbed.map());
            upsample.forward(ops, twice, Epilogue.NONE, up);
            taps.tap("enc_up", ops, up);
            Tensor y = ops.like(mu, hidden); // (N,2T,C)
            upEmbed.forward(ops, up, y);
            taps.tap("enc_up_embed", ops, y);
            run(ops, y, upStack, "enc_up_layer", taps);
            Tensor last = ops.operand(y, hidden, projection);
            afterNorm.forward(ops, y, last);
            taps.tap("enc_out", ops, last);
            ops.linear(last, projection, Epilogue.NONE, mu);
        }
    }

    /** Layers over h (N,T,C), in place. */
    private void run(Ops ops, Tensor h, Stack of, String name, Taps taps) {
        float scale = (float) (1 / Math.sqrt(hidden / (double) heads));
        try (var all = ops.scope()) {
            Tensor p = mapPositions(ops, h.rows(), of.linearPos());
            for (int i = 0; i < of.layers().size(); i++) {
                Layer w = of.layers().get(i);
                try (var scope = ops.scope()) {
                    Qkv t = Qkv.split(w.normMha().linear(ops, h, w.qkv(), Epilogue.NONE));
                    Tensor own = p.cols(i * hidden, (i + 1) * hidden); // (1,2T-1,C)
                    Tensor attended = ops.operand(h, hidden, w.out());
                    ops.attentionTransformerXl(
                            t.q(),
                            t.k(),
                            t.v(),
                            own,
                            w.posBiasU(),
                            w.posBiasV(),
                            heads,
                            scale,
                            attended);
                    ops.linear(attended, w.out(), Epilogue.plus(h), h);
                }
                w.feedForward().addTo(ops, h);
                taps.tap(name + i, ops, h);
            }
        }
    }

    /** What all layers make of the relative positions of so many rows, by one product. */
    private Tensor mapPositions(Ops ops, int rows, Linear linearPos) {
        Tensor table = positions.of(rows);
        Tensor p = ops.operand(table, linearPos.out(), linearPos);
        try (var scope = ops.scope()) {
            Tensor rounded = ops.operand(table, hidden, linearPos);
            ops.copy(table, rounded);
            ops.linear(rounded, linearPos, Epilogue.NONE, p);
        }
        return p;
    }
}
