package dev.skald.chatterbox.s3gen;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.Weights;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The vector field of the flow: a one-level U-Net of causal residual blocks and transformer blocks
 * with full attention, told the time. Follows {@code ConditionalDecoder} of {@code
 * s3gen/decoder.py} in resemble-ai/chatterbox (Matcha-TTS, CosyVoice 2).
 *
 * <p>Legend: B rows (conditional, unconditional), T frames, C width, S steps, N residual blocks.
 */
final class FlowEstimator {
    private static final float EPS = 1e-5f;
    private static final float TIME_SCALE = 1000;

    private record Resnet(
            Conv1d conv1,
            Tensor gain1,
            Tensor shift1,
            Conv1d conv2,
            Tensor gain2,
            Tensor shift2,
            Linear residual) {}

    private record Transformer(
            Tensor gain1,
            Tensor shift1,
            Linear qkv,
            Linear out,
            Tensor gain3,
            Tensor shift3,
            Linear up,
            Linear down) {}

    /** A residual block with the transformer blocks after it. */
    private record Block(String name, Resnet resnet, List<Transformer> transformers) {}

    private final int in;
    private final int width;
    private final int headDim;
    private final int inner;
    private final Linear time1;
    private final Linear time2;
    private final @Nullable Linear mixer;
    private final Linear timeMaps; // 4C → N*C, all residual blocks' maps side by side
    private final Block down;
    private final Conv1d downConv;
    private final List<Block> mid;
    private final Block up;
    private final Conv1d upConv;
    private final Conv1d finalConv;
    private final Tensor finalGain;
    private final Tensor finalShift;
    private final Linear projection;

    private FlowEstimator(Weights w, Parameters parameters, int headDim) {
        this.headDim = headDim;
        int[] first = w.get("down_blocks.0.0.block1.block.0.weight", -1, -1, 3).shape();
        width = first[0];
        in = first[1];
        inner = w.get("down_blocks.0.1.0.attn1.to_q.weight", -1, width).shape()[0];
        if (inner % headDim != 0) {
            throw new WeightException(
                    "tensor 'down_blocks.0.1.0.attn1.to_q.weight' has "
                            + inner
                            + " rows, not heads of "
                            + headDim);
        }
        int timeDim = w.get("time_mlp.linear_1.weight", -1, in).shape()[0];
        time1 =
                parameters.linear(
                        w.get("time_mlp.linear_1.weight"),
                        w.get("time_mlp.linear_1.bias", timeDim),
                        Role.WORKING);
        time2 =
                parameters.linear(
                        w.get("time_mlp.linear_2.weight", timeDim, timeDim),
                        w.get("time_mlp.linear_2.bias", timeDim),
                        Role.WORKING);
        mixer =
                w.has("time_embed_mixer.weight")
                        ? parameters.linear(
                                w.get("time_embed_mixer.weight", timeDim, 2 * timeDim),
                                null,
                                Role.WORKING)
                        : null;
        List<Weight> maps = new ArrayList<>();
        List<Weight> biases = new ArrayList<>();
        down = block(w, "down_blocks.0", "down0", in, timeDim, parameters, maps, biases);
        downConv = conv(w, "down_blocks.0.2", width, parameters);
        List<Block> middle = new ArrayList<>();
        for (int i = 0; i == 0 || w.has("mid_blocks." + i + ".0.res_conv.weight"); i++) {
            middle.add(
                    block(
                            w,
                            "mid_blocks." + i,
                            "mid" + i,
                            width,
                            timeDim,
                            parameters,
                            maps,
                            biases));
        }
        mid = List.copyOf(middle);
        up = block(w, "up_blocks.0", "up0", 2 * width, timeDim, parameters, maps, biases);
        upConv = conv(w, "up_blocks.0.2", width, parameters);
        timeMaps =
                parameters.linear(
                        maps.toArray(Weight[]::new), biases.toArray(Weight[]::new), Role.WORKING);
        finalConv = conv(w, "final_block.block.0", width, parameters);
        finalGain = parameters.vector(w.get("final_block.block.2.weight", width));
        finalShift = parameters.vector(w.get("final_block.block.2.bias", width));
        int out = w.get("final_proj.weight", -1, width, 1).shape()[0];
        projection =
                parameters.linear(
                        pointwise(w.get("final_proj.weight")),
                        w.get("final_proj.bias", out),
                        Role.WORKING);
    }

    /** Loads the weights under {@code flow.decoder.estimator.}. */
    static FlowEstimator load(Weights weights, Parameters parameters, int headDim) {
        return new FlowEstimator(weights, parameters, headDim);
    }

    private Block block(
            Weights w,
            String prefix,
            String name,
            int blockIn,
            int timeDim,
            Parameters parameters,
            List<Weight> maps,
            List<Weight> biases) {
        Weights r = w.under(prefix + ".0.");
        maps.add(r.get("mlp.1.weight", width, timeDim));
        biases.add(r.get("mlp.1.bias", width));
        Resnet resnet =
                new Resnet(
                        conv(r, "block1.block.0", blockIn, parameters),
                        parameters.vector(r.get("block1.block.2.weight", width)),
                        parameters.vector(r.get("block1.block.2.bias", width)),
                        conv(r, "block2.block.0", width, parameters),
                        parameters.vector(r.get("block2.block.2.weight", width)),
                        parameters.vector(r.get("block2.block.2.bias", width)),
                        parameters.linear(
                                pointwise(r.get("res_conv.weight", width, blockIn, 1)),
                                r.get("res_conv.bias", width),
                                Role.WORKING));
        List<Transformer> transformers = new ArrayList<>();
        for (int i = 0; w.has(prefix + ".1." + i + ".norm1.weight"); i++) {
            transformers.add(transformer(w.under(prefix + ".1." + i + "."), parameters));
        }
        return new Block(name, resnet, List.copyOf(transformers));
    }

    private Transformer transformer(Weights w, Parameters parameters) {
        int hidden = w.get("ff.net.0.proj.bias", -1).shape()[0];
        return new Transformer(
                parameters.vector(w.get("norm1.weight", width)),
                parameters.vector(w.get("norm1.bias", width)),
                parameters.linear(
                        new Weight[] {
                            w.get("attn1.to_q.weight", inner, width),
                            w.get("attn1.to_k.weight", inner, width),
                            w.get("attn1.to_v.weight", inner, width)
                        },
                        null,
                        Role.WORKING),
                parameters.linear(
                        w.get("attn1.to_out.0.weight", width, inner),
                        w.get("attn1.to_out.0.bias", width),
                        Role.WORKING),
                parameters.vector(w.get("norm3.weight", width)),
                parameters.vector(w.get("norm3.bias", width)),
                parameters.linear(
                        w.get("ff.net.0.proj.weight", hidden, width),
                        w.get("ff.net.0.proj.bias", hidden),
                        Role.WORKING),
                parameters.linear(
                        w.get("ff.net.2.weight", width, hidden),
                        w.get("ff.net.2.bias", width),
                        Role.WORKING));
    }

    /** A tenth of the work, and what it rounds comes back in every step. */
    private Conv1d conv(Weights w, String name, int convIn, Parameters parameters) {
        return parameters.conv1d(
                w.get(name + ".weight", width, convIn, 3),
                w.get(name + ".bias", width),
                1,
                1,
                1,
                Role.DIRECT);
    }

    private static Weight pointwise(Weight weight) {
        int[] shape = weight.shape();
        return weight.reshaped(shape[0], shape[1]);
    }

    /** Whether it was distilled to make long steps (Geng et al. 2025) and wants their end too. */
    boolean meanflow() {
        return mixer != null;
    }

    /** Columns of the input: state, mu, speaker and condition, each a quarter. */
    int in() {
        return in;
    }

    /** What the residual blocks are told at each step: from times t to r, (1,S,N*C). */
    Tensor times(Ops ops, float[] t, float[] r, int tapped, Taps taps) {
        Tensor out = ops.tensor(1, t.length, timeMaps.out());
        try (var scope = ops.scope()) {
            Tensor e = embedTimes(ops, t);
            if (mixer != null) {
                Tensor both = ops.tensor(1, t.length, 2 * e.cols());
                ops.copy(e, both.cols(0, e.cols()));
                ops.copy(embedTimes(ops, r), both.cols(e.cols(), 2 * e.cols()));
                e = ops.linear(both, mixer);
            }
            if (taps.on() && tapped >= 0) {
                taps.tap("est_time", ops, e.rows(tapped, tapped + 1));
            }
            ops.activate(e, Activation.MISH, e);
            ops.linear(e, timeMaps, Epilogue.NONE, out);
        }
        return out;
    }

    private Tensor embedTimes(Ops ops, float[] times) {
        int half = in / 2;
        float[] values = new float[times.length * in];
        for (int i = 0; i < half; i++) {
            float frequency =
                    (float) Math.exp((float) (i * (float) -(Math.log(10000) / (half - 1))));
            for (int s = 0; s < times.length; s++) {
                float angle = TIME_SCALE * times[s] * frequency;
                values[s * in + i] = (float) Math.sin(angle);
                values[s * in + half + i] = (float) Math.cos(angle);
            }
        }
        Tensor x = ops.tensor(1, times.length, in);
        ops.write(values, 0, x);
        return ops.linear(ops.linear(x, time1, Epilogue.of(Activation.SILU)), time2);
    }

    /**
     * The field at one time.
     *
     * @param input (B,T,in)
     * @param time (1,1,N*C), a row of {@link #times}
     * @param out (B,T,in/4)
     */
    void run(Ops ops, Tensor input, Tensor time, Taps taps, Tensor out) {
        try (var scope = ops.scope()) {
            int index = 0;
            Tensor both = ops.like(input, 2 * width); // x | skip
            Tensor x = ops.like(input, width);
            Tensor y = ops.like(input, width);
            block(ops, input, down, time, index++, taps, x);
            ops.copy(x, both.cols(width, 2 * width));
            ops.conv1d(x, downConv, 2, 0, Activation.NONE, Epilogue.NONE, y);
            taps.tap("est_down0_conv", ops, y);
            for (Block block : mid) {
                block(ops, y, block, time, index++, taps, x);
                Tensor swap = x;
                x = y;
                y = swap;
            }
            ops.copy(y, both.cols(0, width));
            block(ops, both, up, time, index, taps, x);
            ops.conv1d(x, upConv, 2, 0, Activation.NONE, Epilogue.NONE, y);
            taps.tap("est_up0_conv", ops, y);
            ops.conv1d(y, finalConv, 2, 0, Activation.NONE, Epilogue.NONE, x);
            ops.layerNorm(x, finalGain, finalShift, EPS, Activation.MISH, x);
            taps.tap("est_final", ops, x);
            ops.linear(x, projection, Epilogue.NONE, out);
        }
    }

    /** x (B,T,in of the block) → out (B,T,C); {@code out} must not be x. */
    private void block(Ops ops, Tensor x, Block w, Tensor time, int index, Taps taps, Tensor out) {
        Resnet r = w.resnet();
        try (var scope = ops.scope()) {
            Tensor h = ops.conv1d(x, r.conv1(), 2, 0, Epilogue.NONE);
            ops.layerNorm(h, r.gain1(), r.shift1(), EPS, Activation.MISH, h);
            ops.add(h, time.cols(index * width, (index + 1) * width), h);
            Tensor h2 = ops.conv1d(h, r.conv2(), 2, 0, Epilogue.NONE);
            ops.layerNorm(h2, r.gain2(), r.shift2(), EPS, Activation.MISH, h2);
            ops.linear(x, r.residual(), Epilogue.plus(h2), out);
        }
        if (taps.on()) {
            taps.tap("est_" + w.name() + "_resnet", ops, out);
        }
        for (int i = 0; i < w.transformers().size(); i++) {
            transform(ops, out, w.transformers().get(i));
            if (taps.on()) {
                taps.tap("est_" + w.name() + "_tfm" + i, ops, out);
            }
        }
    }

    /** h (B,T,C), in place. */
    private void transform(Ops ops, Tensor h, Transformer w) {
        try (var scope = ops.scope()) {
            Tensor qkv = ops.like(h, 3 * inner); // (B,T,3*inner)
            ops.layerNormLinear(h, w.gain1(), w.shift1(), EPS, w.qkv(), Epilogue.NONE, qkv);
            Tensor mixed = ops.like(h, inner);
            ops.attention(
                    qkv.cols(0, inner),
                    qkv.cols(inner, 2 * inner),
                    qkv.cols(2 * inner, 3 * inner),
                    inner / headDim,
                    (float) (1 / Math.sqrt(headDim)),
                    false,
                    mixed);
            ops.linear(mixed, w.out(), Epilogue.plus(h), h);
            Tensor up = ops.like(h, w.up().out());
            ops.layerNormLinear(
                    h, w.gain3(), w.shift3(), EPS, w.up(), Epilogue.of(Activation.GELU), up);
            ops.linear(up, w.down(), Epilogue.plus(h), h);
        }
    }
}
