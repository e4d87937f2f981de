package dev.skald.piper.vits;

import dev.skald.nn.Conv1d;
import dev.skald.nn.LayerNorm;
import dev.skald.nn.Loader;
import dev.skald.nn.Qkv;
import dev.skald.nn.WeightEdits;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.WeightException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
     * @param relK (1, 2*window+1, hidden/heads)
     * @param relV the same
     */
    record Layer(
            Linear qkv,
            Tensor relK,
            Tensor relV,
            Linear out,
            LayerNorm norm1,
            Conv1d conv1,
            Conv1d conv2,
            LayerNorm norm2) {
        static Layer load(Parts encoder, int i, int hidden) {
            Loader attention = encoder.load().under("attn_layers", i);
            Parts ffn = encoder.under("ffn_layers", i);
            int[] relative = encoder.shape("attn_layers." + i + ".emb_rel_k", 1, -1, -1);
            int distances = relative[1];
            int headDim = relative[2];
            if (distances % 2 == 0 || hidden % headDim != 0) {
                throw new WeightException("tensor 'emb_rel_k' does not fit the encoder");
            }
            int wide = ffn.shape("conv_1.weight", -1, hidden, -1)[0];
            return new Layer(
                    attention.linears(hidden, hidden, "conv_q", "conv_k", "conv_v"),
                    attention.constant("emb_rel_k", 1, distances, headDim),
                    attention.constant("emb_rel_v", 1, distances, headDim),
                    attention.linear("conv_o", hidden, hidden),
                    encoder.norm("norm_layers_1." + i, hidden),
                    ffn.conv("conv_1", hidden, wide),
                    ffn.conv("conv_2", wide, hidden),
                    encoder.norm("norm_layers_2." + i, hidden));
        }
    }

    /**
     * @param hidden (B,T,hidden), for the duration predictor
     * @param prior (B,T,2 latent): mean | log deviation
     */
    record Encoded(Tensor hidden, Tensor prior) {
        Tensor mean() {
            return prior.cols(0, prior.cols() / 2);
        }

        Tensor logDeviation() {
            return prior.cols(prior.cols() / 2, prior.cols());
        }

        /** That of one sentence. */
        Encoded batch(int index) {
            return new Encoded(hidden.batch(index), prior.batch(index));
        }
    }

    /** Room for what so many phonemes of each sentence give. */
    Encoded room(Ops ops, int batch, int phonemes) {
        return new Encoded(
                ops.tensor(batch, phonemes, hidden()), ops.tensor(batch, phonemes, 2 * latent));
    }

    static TextEncoder load(Parts all) {
        Parts parts = all.under("enc_p");
        int[] table = parts.shape("emb.weight", -1, -1);
        int hidden = table[1];
        int stats = parts.shape("proj.weight", -1, hidden, 1)[0];
        Parts encoder = parts.under("encoder");
        int count = encoder.count("attn_layers.", ".conv_q");
        if (count == 0 || stats % 4 != 0) {
            throw new WeightException("not a Piper network: its text encoder is not VITS's");
        }
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            layers.add(Layer.load(encoder, i, hidden));
        }
        float scale = (float) Math.sqrt(hidden);
        Loader scaled = parts.load().edited("emb.weight", w -> WeightEdits.scaled(w, scale));
        return new TextEncoder(
                scaled.embedding("emb", table[0], hidden),
                List.copyOf(layers),
                parts.linear("proj", hidden, stats),
                hidden / layers.getLast().relK().cols(),
                stats / 2);
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
            long wide = layer.conv1.out();
            sum += 2 * (4 * h * h + h * wide * (layer.conv1.kernel() + layer.conv2.kernel()));
            sum += 4 * h * t;
        }
        return t * sum;
    }

    /**
     * @param ids T phoneme ids
     * @param between runs before each layer and may throw to stop the work
     */
    Encoded encode(Ops ops, Ints ids, Runnable between) {
        Encoded to = room(ops, 1, ids.count());
        encode(ops, ids, null, between, to);
        return to;
    }

    /**
     * The same into given tensors.
     *
     * @param ids T phoneme ids of each sentence, one after the other
     * @param valid how many ids are, of each; null if all
     */
    void encode(Ops ops, Ints ids, @Nullable Ints valid, Runnable between, Encoded to) {
        int h = hidden();
        Tensor x = valid == null ? to.hidden : to.hidden.valid(valid);
        ops.embed(embedding, ids, x.batch() == 1 ? x : to.hidden.reshape(1, ids.count(), h));
        try (Ops.Scope scope = ops.scope()) {
            Layer any = layers.getFirst();
            Tensor qkv = ops.like(x, 3 * h);
            Qkv split = Qkv.split(qkv);
            Tensor attended = ops.operand(x, h, any.out);
            Tensor y = ops.like(x, h);
            Tensor wide = ops.operand(x, any.conv1.out(), any.conv2.weight());
            float scale = (float) (1 / Math.sqrt((double) h / heads));
            for (Layer layer : layers) {
                between.run();
                ops.linear(x, layer.qkv, Epilogue.NONE, qkv);
                ops.attentionShaw(
                        split.q(),
                        split.k(),
                        split.v(),
                        heads,
                        scale,
                        layer.relK,
                        layer.relV,
                        attended);
                ops.linear(attended, layer.out, Epilogue.plus(x), y);
                layer.norm1.forward(ops, y, x);
                layer.conv1.forward(ops, x, Epilogue.of(Activation.RELU), wide);
                layer.conv2.forward(ops, wide, Epilogue.plus(x), y);
                layer.norm2.forward(ops, y, x);
            }
            ops.linear(x, projection, Epilogue.NONE, to.prior);
        }
    }
}
