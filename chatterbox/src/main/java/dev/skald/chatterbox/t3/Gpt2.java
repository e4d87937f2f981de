package dev.skald.chatterbox.t3;

import dev.skald.nn.Loader;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.decode.DecoderModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * GPT-2: layer norm, learned positions, GELU in its tanh form. Source: transformers' {@code
 * modeling_gpt2.py}; Radford et al., "Language Models are Unsupervised Multitask Learners", 2019.
 */
final class Gpt2 implements Transformer {
    private static final Activation GELU = Activation.GELU_TANH;

    private final T3Config config;
    private final List<DecoderModel.Layer> layers;
    private final DecoderModel.Norm norm;
    private final Embedding positions;

    Gpt2(Loader load, T3Config config) {
        this.config = config;
        int c = config.hidden();
        layers = new ArrayList<>();
        for (int i = 0; i < config.layers(); i++) {
            layers.add(layer(load.role(Role.STREAMED).under("h", i), c));
        }
        norm = norm(load, "ln_f", c);
        positions = load.embedding("wpe", config.positions(), c);
    }

    private static DecoderModel.Layer layer(Loader load, int c) {
        Linear up = load.linearTransposed("mlp.c_fc", c, -1);
        return new DecoderModel.Layer(
                norm(load, "ln_1", c),
                load.linearTransposed("attn.c_attn", c, 3 * c),
                load.linearTransposed("attn.c_proj", c, c),
                norm(load, "ln_2", c),
                up,
                load.linearTransposed("mlp.c_proj", up.out(), c));
    }

    private static DecoderModel.Norm norm(Loader load, String name, int c) {
        return new DecoderModel.Norm(
                load.vector(name + ".weight", c), load.vector(name + ".bias", c));
    }

    @Override
    public DecoderModel decoder(Embedding tokens, @Nullable Embedding tokenPositions, Linear head) {
        return new DecoderModel(
                DecoderModel.Kind.GPT2,
                config.hidden(),
                config.heads(),
                config.hidden() / config.heads(),
                config.normEps(),
                layers,
                norm,
                null,
                null,
                positions,
                tokens,
                tokenPositions,
                head,
                config.positions(),
                T3Config.START_SPEECH,
                T3Config.STOP_SPEECH);
    }

    @Override
    public int cacheWidth() {
        return config.hidden();
    }

    @Override
    public Tensor forward(Ops ops, Tensor x, KvRows cache, Taps taps) {
        int heads = config.heads();
        int c = config.hidden();
        float scale = (float) (1 / Math.sqrt((double) c / heads));
        int batch = x.batch();
        int rows = x.rows();
        Tensor h = ops.tensor(batch, rows, c);
        Tensor qkv = ops.tensor(batch, rows, 3 * c);
        Tensor attended = ops.tensor(batch, rows, c);
        Tensor up = ops.tensor(batch, rows, layers.getFirst().up().out());
        Tensor q = qkv.cols(0, c);
        Tensor k = qkv.cols(c, 2 * c);
        Tensor v = qkv.cols(2 * c, 3 * c);
        Tensor position = ops.tensor(1, batch * rows, c);
        ops.embed(positions, cache.positions(), position);
        ops.add(x, position.reshape(batch, rows, c), x);
        for (int i = 0; i < layers.size(); i++) {
            DecoderModel.Layer layer = layers.get(i);
            norm(ops, x, layer.attentionNorm(), h);
            ops.linear(h, layer.qkv(), Epilogue.NONE, qkv);
            cache.attend(i, q, k, v, scale, attended, taps);
            ops.linear(attended, layer.output(), Epilogue.plus(x), x);
            norm(ops, x, layer.mlpNorm(), h);
            ops.linear(h, layer.up(), Epilogue.of(GELU), up);
            ops.linear(up, layer.down(), Epilogue.plus(x), x);
            taps.tap("layer" + i, ops, x);
        }
        norm(ops, x, norm, x);
        return x;
    }

    private void norm(Ops ops, Tensor x, DecoderModel.Norm n, Tensor out) {
        Tensor beta = Objects.requireNonNull(n.beta());
        ops.layerNorm(x, n.gamma(), beta, config.normEps(), Activation.NONE, out);
    }
}
