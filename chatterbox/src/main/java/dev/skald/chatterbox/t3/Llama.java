package dev.skald.chatterbox.t3;

import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.Weights;
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
    private final Tensor cos; // (1, positions, D/2)
    private final Tensor sin;
    private final int cacheWidth;
    private final int ffn;

    Llama(Parameters parameters, Weights weights, T3Config config) {
        this.config = config;
        int c = config.hidden();
        int a = weights.get("layers.0.self_attn.q_proj.weight", -1, c).shape()[0];
        ffn = weights.get("layers.0.mlp.gate_proj.weight", -1, c).shape()[0];
        cacheWidth = a;
        layers = new ArrayList<>();
        for (int i = 0; i < config.layers(); i++) {
            Weights w = weights.under("layers." + i + ".");
            Weight[] qkv = {
                w.get("self_attn.q_proj.weight", a, c),
                w.get("self_attn.k_proj.weight", a, c),
                w.get("self_attn.v_proj.weight", a, c)
            };
            Weight[] gateUp = {
                w.get("mlp.gate_proj.weight", ffn, c), w.get("mlp.up_proj.weight", ffn, c)
            };
            layers.add(
                    new DecoderModel.Layer(
                            norm(parameters, w.get("input_layernorm.weight", c)),
                            parameters.linear(qkv, null, Role.STREAMED),
                            parameters.linear(
                                    w.get("self_attn.o_proj.weight", c, a), null, Role.STREAMED),
                            norm(parameters, w.get("post_attention_layernorm.weight", c)),
                            parameters.linear(gateUp, null, Role.STREAMED),
                            parameters.linear(
                                    w.get("mlp.down_proj.weight", c, ffn), null, Role.STREAMED)));
        }
        norm = norm(parameters, weights.get("norm.weight", c));
        float[] frequency = config.rope().inverseFrequencies(a / config.heads());
        int n = config.positions();
        float[] cosines = new float[n * frequency.length];
        float[] sines = new float[n * frequency.length];
        for (int p = 0; p < n; p++) {
            for (int i = 0; i < frequency.length; i++) {
                float angle = p * frequency[i];
                cosines[p * frequency.length + i] = (float) Math.cos(angle);
                sines[p * frequency.length + i] = (float) Math.sin(angle);
            }
        }
        cos = parameters.constant(cosines, n, frequency.length);
        sin = parameters.constant(sines, n, frequency.length);
    }

    private static DecoderModel.Norm norm(Parameters parameters, Weight weight) {
        return new DecoderModel.Norm(parameters.vector(weight), null);
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
                cos,
                sin,
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
        for (int i = 0; i < layers.size(); i++) {
            DecoderModel.Layer layer = layers.get(i);
            ops.rmsNorm(x, layer.attentionNorm().gamma(), config.normEps(), h);
            ops.linear(h, layer.qkv(), Epilogue.NONE, qkv);
            ops.rotary(q, heads, cos, sin, cache.first());
            ops.rotary(k, heads, cos, sin, cache.first());
            cache.attend(i, q, k, v, scale, attended, taps);
            ops.linear(attended, layer.output(), Epilogue.plus(x), x);
            ops.rmsNorm(x, layer.mlpNorm().gamma(), config.normEps(), h);
            ops.linearGateSilu(h, layer.up(), gated);
            ops.linear(gated, layer.down(), Epilogue.plus(x), x);
            taps.tap("layer" + i, ops, x);
        }
        ops.rmsNorm(x, norm.gamma(), config.normEps(), x);
        return x;
    }
}
