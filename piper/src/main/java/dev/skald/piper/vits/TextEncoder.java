package dev.skald.piper.vits;

import dev.skald.piper.vits.Parts.Norm;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import java.util.ArrayList;
import java.util.List;

/**
 * Phoneme ids to a hidden sequence and the prior's mean and log deviation: a transformer with
 * learned relative positions and convolutional feed-forward layers, norms after the residuals
 * (VITS, section 2.2.1; {@code TextEncoder} of jaywalnut310/vits).
 *
 * @param embedding phoneme vectors, already times sqrt(hidden)
 * @param latent channels of mean and of log deviation
 */
record TextEncoder(
        Embedding embedding, List<Layer> layers, Linear projection, int heads, int latent) {

    /**
     * One block.
     *
     * @param qkv query, key and value side by side
     * @param relativeKeys (1, 2*window+1, hidden/heads)
     * @param relativeValues the same
     */
    record Layer(
            Linear qkv,
            Tensor relativeKeys,
            Tensor relativeValues,
            Linear out,
            Norm norm1,
            Conv1d widen,
            Conv1d narrow,
            Norm norm2) {}

    /**
     * @param hidden (1,T,hidden), for the duration predictor
     * @param mean (1,T,latent)
     * @param logDeviation (1,T,latent)
     */
    record Encoded(Tensor hidden, Tensor mean, Tensor logDeviation) {}

    static TextEncoder load(Parts parts) {
        String table = "enc_p.emb.weight";
        int symbols = parts.dimension(table, 2, 0);
        int hidden = parts.dimension(table, 2, 1);
        Parameters parameters = parts.parameters();
        Weight scaled =
                Parts.scaled(parts.weight(table, symbols, hidden), (float) Math.sqrt(hidden));
        List<Layer> layers = new ArrayList<>();
        int heads = 0;
        while (parts.has("enc_p.encoder.attn_layers." + layers.size() + ".conv_q")) {
            int i = layers.size();
            String attention = "enc_p.encoder.attn_layers." + i;
            String feed = "enc_p.encoder.ffn_layers." + i;
            String relative = attention + ".emb_rel_k";
            int distances = parts.dimension(relative, 3, 1);
            int headSize = parts.dimension(relative, 3, 2);
            if (distances % 2 == 0 || hidden % headSize != 0) {
                throw new WeightException("tensor '" + relative + "' does not fit the encoder");
            }
            heads = hidden / headSize;
            int wide = parts.dimension(feed + ".conv_1.weight", 3, 0);
            layers.add(
                    new Layer(
                            queryKeyValue(parts, attention, hidden),
                            positions(parts, relative, distances, headSize),
                            positions(parts, attention + ".emb_rel_v", distances, headSize),
                            parts.linear(attention + ".conv_o", hidden, hidden),
                            parts.norm("enc_p.encoder.norm_layers_1." + i, hidden),
                            parts.conv(feed + ".conv_1", wide, hidden, true),
                            parts.conv(feed + ".conv_2", hidden, wide, true),
                            parts.norm("enc_p.encoder.norm_layers_2." + i, hidden)));
        }
        int stats = parts.dimension("enc_p.proj.weight", 3, 0);
        if (layers.isEmpty() || stats % 4 != 0) {
            throw new WeightException("not a Piper network: its text encoder is not VITS's");
        }
        return new TextEncoder(
                parameters.embedding(scaled),
                List.copyOf(layers),
                parts.linear("enc_p.proj", stats, hidden),
                heads,
                stats / 2);
    }

    private static Linear queryKeyValue(Parts parts, String attention, int hidden) {
        String[] names = {attention + ".conv_q", attention + ".conv_k", attention + ".conv_v"};
        Weight[] weights = new Weight[3];
        Weight[] biases = new Weight[3];
        for (int i = 0; i < 3; i++) {
            weights[i] = parts.matrix(names[i], hidden, hidden);
            biases[i] = parts.bias(names[i], hidden);
        }
        return parts.parameters().linear(weights, biases, Role.WORKING);
    }

    private static Tensor positions(Parts parts, String name, int distances, int headSize) {
        float[] values = parts.weight(name, 1, distances, headSize).floats();
        return parts.parameters().constant(values, distances, headSize);
    }

    int hidden() {
        return embedding.dim();
    }

    /** Multiplications and additions for {@code phonemes}, attention's among them. */
    long operations(int phonemes) {
        long t = phonemes;
        long h = hidden();
        long sum = 2L * h * projection.out();
        for (Layer layer : layers) {
            long wide = layer.widen.out();
            sum += 2 * (4 * h * h + h * wide * (layer.widen.kernel() + layer.narrow.kernel()));
            sum += 4 * h * t;
        }
        return t * sum;
    }

    /**
     * @param ids T phoneme ids
     * @param between runs before each layer and may throw to stop the work
     */
    Encoded encode(Ops ops, Ops.Ints ids, Runnable between) {
        int t = ids.count();
        int h = hidden();
        Tensor x = ops.tensor(1, t, h);
        ops.embed(embedding, ids, x);
        Tensor stats = ops.tensor(1, t, 2 * latent);
        try (Ops.Scope scope = ops.scope()) {
            Tensor qkv = ops.tensor(1, t, 3 * h);
            Tensor seen = ops.tensor(1, t, h);
            Tensor y = ops.tensor(1, t, h);
            Tensor wide = ops.tensor(1, t, layers.getFirst().widen.out());
            float scale = (float) (1 / Math.sqrt((double) h / heads));
            for (Layer layer : layers) {
                between.run();
                ops.linear(x, layer.qkv, Epilogue.NONE, qkv);
                ops.attentionShaw(
                        qkv.cols(0, h),
                        qkv.cols(h, 2 * h),
                        qkv.cols(2 * h, 3 * h),
                        heads,
                        scale,
                        layer.relativeKeys,
                        layer.relativeValues,
                        seen);
                ops.linear(seen, layer.out, Epilogue.plus(x), y);
                norm(ops, y, layer.norm1, x);
                conv(ops, x, layer.widen, Epilogue.of(Activation.RELU), wide);
                conv(ops, wide, layer.narrow, Epilogue.plus(x), y);
                norm(ops, y, layer.norm2, x);
            }
            ops.linear(x, projection, Epilogue.NONE, stats);
        }
        return new Encoded(x, stats.cols(0, latent), stats.cols(latent, 2 * latent));
    }

    private static void norm(Ops ops, Tensor x, Norm norm, Tensor out) {
        ops.layerNorm(x, norm.gamma(), norm.beta(), Norm.EPSILON, Activation.NONE, out);
    }

    private static void conv(Ops ops, Tensor x, Conv1d conv, Epilogue epilogue, Tensor out) {
        int reach = Rows.reach(conv);
        ops.conv1d(x, conv, reach, reach, Activation.NONE, epilogue, out);
    }
}
