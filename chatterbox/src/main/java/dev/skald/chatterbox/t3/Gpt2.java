package dev.skald.chatterbox.t3;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weights;

/**
 * GPT-2: layer norm, learned positions, GELU in its tanh form. Source: transformers' {@code
 * modeling_gpt2.py}; Radford et al., "Language Models are Unsupervised Multitask Learners", 2019.
 */
final class Gpt2 implements Transformer {
    private static final Activation GELU = Activation.GELU_TANH;

    private record Norm(Tensor gain, Tensor shift) {} // (1,1,C) each

    private record Layer(
            Norm attentionNorm,
            Linear qkv, // C → 3C
            Linear output, // C → C
            Norm mlpNorm,
            Linear up, // C → 4C
            Linear down) {} // 4C → C

    private final T3Config config;
    private final Layer[] layers;
    private final Norm norm;
    private final Embedding positions;

    Gpt2(Parameters parameters, Weights weights, T3Config config) {
        this.config = config;
        int c = config.hidden();
        layers = new Layer[config.layers()];
        for (int i = 0; i < layers.length; i++) {
            Weights w = weights.under("h." + i + ".");
            int ffn = w.get("mlp.c_fc.weight", c, -1).shape()[1];
            layers[i] =
                    new Layer(
                            norm(parameters, w.under("ln_1."), c),
                            linear(parameters, w.under("attn.c_attn."), c, 3 * c),
                            linear(parameters, w.under("attn.c_proj."), c, c),
                            norm(parameters, w.under("ln_2."), c),
                            linear(parameters, w.under("mlp.c_fc."), c, ffn),
                            linear(parameters, w.under("mlp.c_proj."), ffn, c));
        }
        norm = norm(parameters, weights.under("ln_f."), c);
        positions = parameters.embedding(weights.get("wpe.weight", config.positions(), c));
    }

    private static Norm norm(Parameters parameters, Weights w, int c) {
        return new Norm(parameters.vector(w.get("weight", c)), parameters.vector(w.get("bias", c)));
    }

    private static Linear linear(Parameters parameters, Weights w, int in, int out) {
        return parameters.linearTransposed(
                w.get("weight", in, out), w.get("bias", out), Role.STREAMED);
    }

    @Override
    public int layers() {
        return layers.length;
    }

    @Override
    public int cacheWidth() {
        return config.hidden();
    }

    @Override
    public Tensor forward(Ops ops, Tensor x, KvRows cache, Taps taps) {
        int heads = config.heads();
        int c = config.hidden();
        float eps = config.normEps();
        float scale = (float) (1 / Math.sqrt((double) c / heads));
        int batch = x.batch();
        int rows = x.rows();
        Tensor h = ops.tensor(batch, rows, c);
        Tensor qkv = ops.tensor(batch, rows, 3 * c);
        Tensor attended = ops.tensor(batch, rows, c);
        Tensor up = ops.tensor(batch, rows, layers[0].up.out());
        Tensor q = qkv.cols(0, c);
        Tensor k = qkv.cols(c, 2 * c);
        Tensor v = qkv.cols(2 * c, 3 * c);
        Tensor position = ops.tensor(1, batch * rows, c);
        ops.embed(positions, cache.positions(), position);
        ops.add(x, position.reshape(batch, rows, c), x);
        for (int i = 0; i < layers.length; i++) {
            Layer layer = layers[i];
            ops.layerNorm(
                    x,
                    layer.attentionNorm.gain,
                    layer.attentionNorm.shift,
                    eps,
                    Activation.NONE,
                    h);
            ops.linear(h, layer.qkv, Epilogue.NONE, qkv);
            cache.attend(i, q, k, v, scale, attended, taps);
            ops.linear(attended, layer.output, Epilogue.plus(x), x);
            ops.layerNorm(x, layer.mlpNorm.gain, layer.mlpNorm.shift, eps, Activation.NONE, h);
            ops.linear(h, layer.up, Epilogue.of(GELU), up);
            ops.linear(up, layer.down, Epilogue.plus(x), x);
            taps.tap("layer" + i, ops, x);
        }
        ops.layerNorm(x, norm.gain, norm.shift, eps, Activation.NONE, x);
        return x;
    }
}
