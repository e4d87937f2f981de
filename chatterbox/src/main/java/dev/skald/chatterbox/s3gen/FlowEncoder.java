package dev.skald.chatterbox.s3gen;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.Weights;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * From speech tokens to what the flow follows: embedding, a convolution that looks three tokens
 * ahead, conformer layers without convolution module, doubling of the rate, more layers. Follows
 * {@code s3gen/transformer/upsample_encoder.py} of resemble-ai/chatterbox (CosyVoice 2).
 *
 * <p>Legend: T tokens, C width, M 80 mel bands.
 */
final class FlowEncoder {
    /** Tokens that the encoder looks ahead. */
    static final int LOOKAHEAD = 3;

    /** Frames of the longest sequence: 25 s of clip and 25 s of speech, with some to spare. */
    private static final int LONGEST = 2560;

    private static final float EPS = 1e-5f;
    private static final float LAYER_EPS = 1e-12f;

    /** A linear map and a norm that also scales by sqrt(C). */
    private record Embed(Linear map, Tensor gain, Tensor shift) {}

    private record Layer(
            Tensor attentionGain,
            Tensor attentionShift,
            Linear qkv,
            Linear position,
            Tensor biasU,
            Tensor biasV,
            Linear out,
            Tensor feedGain,
            Tensor feedShift,
            Linear up,
            Linear down) {}

    private final int heads;
    private final int width;
    private final Embedding tokens;
    private final Embed embed;
    private final Conv1d lookahead1;
    private final Conv1d lookahead2;
    private final List<Layer> layers;
    private final Conv1d upsample;
    private final Embed upEmbed;
    private final List<Layer> upLayers;
    private final Tensor outGain;
    private final Tensor outShift;
    private final Linear projection;
    private final RelativePositions positions;

    private FlowEncoder(Weights w, Parameters parameters) {
        Weights e = w.under("encoder.");
        width = w.get("input_embedding.weight", -1, -1).shape()[1];
        heads = e.get("encoders.0.self_attn.pos_bias_u", -1, -1).shape()[0];
        tokens = parameters.embedding(w.get("input_embedding.weight"));
        embed = embed(e.under("embed.out."), parameters);
        lookahead1 = conv(e, "pre_lookahead_layer.conv1", LOOKAHEAD + 1, parameters);
        lookahead2 = conv(e, "pre_lookahead_layer.conv2", 3, parameters);
        layers = layers(e, "encoders.", parameters);
        upsample = conv(e, "up_layer.conv", 5, parameters);
        upEmbed = embed(e.under("up_embed.out."), parameters);
        upLayers = layers(e, "up_encoders.", parameters);
        outGain = parameters.vector(e.get("after_norm.weight", width));
        outShift = parameters.vector(e.get("after_norm.bias", width));
        int bands = w.get("encoder_proj.bias", -1).shape()[0];
        projection =
                parameters.linear(
                        w.get("encoder_proj.weight", bands, width),
                        w.get("encoder_proj.bias", bands),
                        Role.WORKING);
        positions = new RelativePositions(parameters, width, LONGEST);
    }

    /** Loads the weights under {@code flow.}. */
    static FlowEncoder load(Weights weights, Parameters parameters) {
        return new FlowEncoder(weights, parameters);
    }

    private Embed embed(Weights w, Parameters parameters) {
        return new Embed(
                parameters.linear(
                        w.get("0.weight", width, width), w.get("0.bias", width), Role.WORKING),
                scaled(w.get("1.weight", width), parameters),
                scaled(w.get("1.bias", width), parameters));
    }

    private Tensor scaled(Weight weight, Parameters parameters) {
        float[] values = weight.floats();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] * Math.sqrt(width));
        }
        return parameters.constant(values, 1, values.length);
    }

    /** Little of the work, and what comes first: its rounding reaches everything. */
    private Conv1d conv(Weights w, String name, int kernel, Parameters parameters) {
        return parameters.conv1d(
                w.get(name + ".weight", width, width, kernel),
                w.get(name + ".bias", width),
                1,
                1,
                1,
                Role.DIRECT);
    }

    private List<Layer> layers(Weights w, String name, Parameters parameters) {
        List<Layer> found = new ArrayList<>();
        for (int i = 0; i == 0 || w.has(name + i + ".norm_mha.weight"); i++) {
            found.add(layer(w.under(name + i + "."), parameters));
        }
        return List.copyOf(found);
    }

    private Layer layer(Weights w, Parameters parameters) {
        int c = width;
        int hidden = w.get("feed_forward.w_1.bias", -1).shape()[0];
        String a = "self_attn.linear_";
        return new Layer(
                parameters.vector(w.get("norm_mha.weight", c)),
                parameters.vector(w.get("norm_mha.bias", c)),
                parameters.linear(
                        new Weight[] {
                            w.get(a + "q.weight", c, c),
                            w.get(a + "k.weight", c, c),
                            w.get(a + "v.weight", c, c)
                        },
                        new @Nullable Weight[] {
                            w.get(a + "q.bias", c), w.get(a + "k.bias", c), w.get(a + "v.bias", c)
                        },
                        Role.WORKING),
                parameters.linear(w.get(a + "pos.weight", c, c), null, Role.WORKING),
                parameters.constant(w.get("self_attn.pos_bias_u", heads, c / heads).floats(), 1, c),
                parameters.constant(w.get("self_attn.pos_bias_v", heads, c / heads).floats(), 1, c),
                parameters.linear(
                        w.get(a + "out.weight", c, c), w.get(a + "out.bias", c), Role.WORKING),
                parameters.vector(w.get("norm_ff.weight", c)),
                parameters.vector(w.get("norm_ff.bias", c)),
                parameters.linear(
                        w.get("feed_forward.w_1.weight", hidden, c),
                        w.get("feed_forward.w_1.bias", hidden),
                        Role.WORKING),
                parameters.linear(
                        w.get("feed_forward.w_2.weight", c, hidden),
                        w.get("feed_forward.w_2.bias", c),
                        Role.WORKING));
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
     * @param ids T token ids, the prompt's first; padding may hold any token
     * @param lengths how many of them are valid; null for all
     * @param beyond how many zero embeddings follow the tokens: 0 unless a reference padded its
     *     rows, which the look-ahead then sees
     * @return (1,2T,M), in the caller's scope
     */
    Tensor encode(Ops ops, Ints ids, @Nullable Ints lengths, int beyond, Taps taps) {
        int count = ids.count();
        Tensor mu = ops.tensor(1, 2 * count, projection.out());
        if (lengths != null) {
            mu = mu.valid(ops.lengths(lengths, 2, 0, 1));
        }
        try (var scope = ops.scope()) {
            int seen = Math.min(LOOKAHEAD, beyond);
            Tensor e = ops.tensor(1, count + seen, width);
            ops.embed(tokens, ids, e.rows(0, count));
            if (seen > 0) {
                ops.fill(e.rows(count, count + seen), 0);
            }
            taps.tap("token_emb", ops, e.rows(0, count));
            if (lengths != null) {
                e = e.valid(lengths);
            }
            Tensor x = embed(ops, e, embed);
            taps.tap("enc_embed", ops, x.rows(0, count));
            Tensor ahead =
                    ops.conv1d(
                            x,
                            lookahead1,
                            0,
                            LOOKAHEAD - seen,
                            Epilogue.of(Activation.leakyRelu(0.01f)));
            Tensor h = // (1,T,C)
                    ops.conv1d(ahead, lookahead2, 2, 0, Epilogue.plus(x.rows(0, count)));
            taps.tap("enc_pos", ops, positions.of(count));
            taps.tap("enc_lookahead", ops, h);
            run(ops, h, layers, "enc_layer", taps);

            Tensor twice = ops.like(mu, width);
            ops.repeat(h, 2, twice);
            Tensor up = ops.conv1d(twice, upsample, 4, 0, Epilogue.NONE);
            taps.tap("enc_up", ops, up);
            Tensor y = embed(ops, up, upEmbed); // (1,2T,C)
            taps.tap("enc_up_embed", ops, y);
            run(ops, y, upLayers, "enc_up_layer", taps);
            ops.layerNorm(y, outGain, outShift, EPS, Activation.NONE, y);
            taps.tap("enc_out", ops, y);
            ops.linear(y, projection, Epilogue.NONE, mu);
        }
        return mu;
    }

    private static Tensor embed(Ops ops, Tensor x, Embed w) {
        Tensor h = ops.linear(x, w.map());
        ops.layerNorm(h, w.gain(), w.shift(), EPS, Activation.NONE, h);
        return h;
    }

    /** Layers over h (1,T,C), in place. */
    private void run(Ops ops, Tensor h, List<Layer> list, String name, Taps taps) {
        Tensor table = positions.of(h.rows());
        float scale = (float) (1 / Math.sqrt(width / (double) heads));
        for (int i = 0; i < list.size(); i++) {
            Layer w = list.get(i);
            try (var scope = ops.scope()) {
                Tensor qkv = ops.like(h, 3 * width); // (1,T,3C)
                ops.layerNormLinear(
                        h,
                        w.attentionGain(),
                        w.attentionShift(),
                        LAYER_EPS,
                        w.qkv(),
                        Epilogue.NONE,
                        qkv);
                Tensor attended = ops.like(h, width);
                Tensor p = ops.linear(table, w.position()); // (1,2T-1,C)
                ops.attentionTransformerXl(
                        qkv.cols(0, width),
                        qkv.cols(width, 2 * width),
                        qkv.cols(2 * width, 3 * width),
                        p,
                        w.biasU(),
                        w.biasV(),
                        heads,
                        scale,
                        attended);
                ops.linear(attended, w.out(), Epilogue.plus(h), h);
                Tensor up = ops.like(h, w.up().out());
                ops.layerNormLinear(
                        h,
                        w.feedGain(),
                        w.feedShift(),
                        LAYER_EPS,
                        w.up(),
                        Epilogue.of(Activation.SILU),
                        up);
                ops.linear(up, w.down(), Epilogue.plus(h), h);
            }
            taps.tap(name + i, ops, h);
        }
    }
}
