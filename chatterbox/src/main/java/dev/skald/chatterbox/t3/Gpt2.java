package dev.skald.chatterbox.t3;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Backend.Embedding;
import dev.skald.tensor.Backend.Linear;
import dev.skald.tensor.Backend.Precision;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
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

    Gpt2(Backend backend, Weights weights, T3Config config, Precision precision) {
        this.config = config;
        int c = config.width();
        layers = new Layer[config.layers()];
        for (int i = 0; i < layers.length; i++) {
            Weights w = weights.under("h." + i + ".");
            int ffn = w.get("mlp.c_fc.weight", c, -1).shape()[1];
            layers[i] =
                    new Layer(
                            norm(backend, w.under("ln_1."), c),
                            linear(backend, w.under("attn.c_attn."), c, 3 * c, precision),
                            linear(backend, w.under("attn.c_proj."), c, c, precision),
                            norm(backend, w.under("ln_2."), c),
                            linear(backend, w.under("mlp.c_fc."), c, ffn, precision),
                            linear(backend, w.under("mlp.c_proj."), ffn, c, precision));
        }
        norm = norm(backend, weights.under("ln_f."), c);
        positions = backend.embedding(weights.get("wpe.weight", config.positions(), c));
    }

    private static Norm norm(Backend backend, Weights w, int c) {
        return new Norm(backend.vector(w.get("weight", c)), backend.vector(w.get("bias", c)));
    }

    private static Linear linear(Backend backend, Weights w, int in, int out, Precision precision) {
        return backend.linearTurned(w.get("weight", in, out), w.get("bias", out), precision);
    }

    @Override
    public int layers() {
        return layers.length;
    }

    @Override
    public int cacheWidth() {
        return config.width();
    }

    @Override
    public Tensor forward(Ops ops, Tensor x, KvCache cache, Taps taps) {
        int heads = config.heads();
        int c = config.width();
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
        Tensor position = ops.tensor(1, rows, c);
        ops.embed(positions, cache.rows(), position);
        ops.add(x, position, x);
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
            cache.append(i, k, v, taps);
            ops.attentionCached(q, cache.layers[i], cache.length, scale, attended);
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
