package dev.skald.chatterbox.t3;

import dev.skald.nn.Loader;
import dev.skald.nn.RotaryPositions;
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
import org.jspecify.annotations.Nullable;

/**
 * Llama: RMS norm, rotary positions, SwiGLU, no biases. Source: transformers' {@code
 * modeling_llama.py}; Touvron et al., "LLaMA", 2023.
 */
final class Llama implements Transformer {
    private final T3Config config;
    private final List<DecoderModel.Layer> layers;
    private final DecoderModel.Norm norm;
    private final RotaryPositions positions;
    private final int cacheWidth;
    private final int ffn;

    Llama(Loader load, T3Config config) {
        this.config = config;
        int c = config.hidden();
        cacheWidth = load.size("layers.0.self_attn.q_proj.weight", -1, c);
        ffn = load.size("layers.0.mlp.gate_proj.weight", -1, c);
        layers = new ArrayList<>();
        for (int i = 0; i < config.layers(); i++) {
            layers.add(layer(load.role(Role.STREAMED).under("layers", i), c));
        }
        norm = norm(load, "norm", c);
        positions =
                RotaryPositions.of(
                        load.parameters(),
                        config.rope().inverseFrequencies(cacheWidth / config.heads()),
                        config.positions());
    }

    private DecoderModel.Layer layer(Loader load, int c) {
        int a = cacheWidth;
        return new DecoderModel.Layer(
                norm(load, "input_layernorm", c),
                load.linearsNoBias(
                        c, a, "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
                load.linearNoBias("self_attn.o_proj", a, c),
                norm(load, "post_attention_layernorm", c),
                load.linearsNoBias(c, ffn, "mlp.gate_proj", "mlp.up_proj"),
                load.linearNoBias("mlp.down_proj", ffn, c));
    }

    private static DecoderModel.Norm norm(Loader load, String name, int c) {
        return new DecoderModel.Norm(load.vector(name + ".weight", c), null);
    }

    @Override
    public DecoderModel decoder(Embedding tokens, @Nullable Embedding tokenPositions, Linear head) {
        return new DecoderModel(
                DecoderModel.Kind.LLAMA,
                config.hidden(),
                config.heads(),
                cacheWidth / config.heads(),
                config.normEps(),
                layers,
                norm,
                positions.cos(),
                positions.sin(),
                null,
                tokens,
                tokenPositions,
                head,
                config.positions(),
                T3Config.START_SPEECH,
                T3Config.STOP_SPEECH);
    }

    @Override
    public int cacheWidth() {
        return cacheWidth;
    }

    @Override
    public Tensor forward(Ops ops, Tensor x, KvRows cache, Taps taps) {
        forward(ops, x, cache, taps, layers.size());
        ops.rmsNorm(x, norm.gamma(), config.normEps(), x);
        return x;
    }

    /** Runs the first {@code count} layers over {@code x}, which is overwritten. */
    void forward(Ops ops, Tensor x, KvRows cache, Taps taps, int count) {
        int heads = config.heads();
        int a = cacheWidth;
        float scale = (float) (1 / Math.sqrt((double) a / heads));
        int batch = x.batch();
        int rows = x.rows();
        Tensor h = ops.tensor(batch, rows, x.cols());
        Tensor qkv = ops.tensor(batch, rows, 3 * a);
        Tensor attended = ops.tensor(batch, rows, a);
        Tensor gated = ops.tensor(batch, rows, ffn);
        Tensor q = qkv.cols(0, a);
        Tensor k = qkv.cols(a, 2 * a);
        Tensor v = qkv.cols(2 * a, 3 * a);
        for (int i = 0; i < count; i++) {
            DecoderModel.Layer layer = layers.get(i);
            ops.rmsNorm(x, layer.attentionNorm().gamma(), config.normEps(), h);
            ops.linear(h, layer.qkv(), Epilogue.NONE, qkv);
            positions.rotate(ops, q, heads, cache.first());
            positions.rotate(ops, k, heads, cache.first());
            cache.attend(i, q, k, v, scale, attended, taps);
            ops.linear(attended, layer.output(), Epilogue.plus(x), x);
            ops.rmsNorm(x, layer.mlpNorm().gamma(), config.normEps(), h);
            ops.linearGateSilu(h, layer.up(), gated);
            ops.linear(gated, layer.down(), Epilogue.plus(x), x);
            taps.tap("layer" + i, ops, x);
        }
    }
}
