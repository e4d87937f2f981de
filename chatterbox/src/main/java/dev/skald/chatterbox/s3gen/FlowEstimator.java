package dev.skald.chatterbox.s3gen;

import dev.skald.nn.Conv;
import dev.skald.nn.Conv1d;
import dev.skald.nn.LayerNorm;
import dev.skald.nn.Loader;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.ResidualBlock;
import dev.skald.tensor.Role;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.TransformerLayer;
import dev.skald.tensor.WeightException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The vector field of the flow: a one-level U-Net of causal residual blocks and transformer blocks
 * with full attention, told the time. Follows {@code ConditionalDecoder} of {@code
 * s3gen/decoder.py} in resemble-ai/chatterbox (Matcha-TTS, CosyVoice 2).
 *
 * <p>Legend: B rows (conditional, unconditional), T frames, C hidden size, S steps, N residual
 * blocks.
 */
final class FlowEstimator {
    private static final float EPS = 1e-5f;
    private static final float TIME_SCALE = 1000;

    private record Transformer(TransformerLayer.Next begin, TransformerLayer rest) {}

    /** A residual block with the transformer blocks after it. */
    private record Block(ResidualBlock resnet, List<Transformer> transformers) {}

    private final int in;
    private final int hidden;
    private final int headDim;
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
    private final TransformerLayer.Norm finalNorm;
    private final Linear projection;

    /** Loads the weights under {@code flow.decoder.estimator.}. */
    FlowEstimator(Loader load, int headDim) {
        this.headDim = headDim;
        int[] first = load.get("down_blocks.0.0.block1.block.0.weight", -1, -1, 3).shape();
        hidden = first[0];
        in = first[1];
        time1 = load.linear("time_mlp.linear_1", in, -1);
        int timeDim = time1.out();
        time2 = load.linear("time_mlp.linear_2", timeDim, timeDim);
        mixer =
                load.has("time_embed_mixer.weight")
                        ? load.linearNoBias("time_embed_mixer", 2 * timeDim, timeDim)
                        : null;
        down = block(load.under("down_blocks", 0), in);
        downConv = conv(load, "down_blocks.0.2", hidden);
        mid = load.list("mid_blocks", "0.res_conv.weight", l -> block(l, hidden));
        up = block(load.under("up_blocks", 0), 2 * hidden);
        upConv = conv(load, "up_blocks.0.2", hidden);
        List<String> maps = new ArrayList<>();
        maps.add("down_blocks.0.0.mlp.1");
        for (int i = 0; i < mid.size(); i++) {
            maps.add("mid_blocks." + i + ".0.mlp.1");
        }
        maps.add("up_blocks.0.0.mlp.1");
        timeMaps = load.linears(timeDim, hidden, maps.toArray(String[]::new));
        finalConv = conv(load, "final_block.block.0", hidden);
        finalNorm = norm(load, "final_block.block.2");
        projection = load.linear("final_proj", hidden, -1);
    }

    private Block block(Loader load, int blockIn) {
        Loader r = load.under(0);
        ResidualBlock resnet =
                new ResidualBlock(
                        conv(r, "block1.block.0", blockIn).weight(),
                        norm(r, "block1.block.2"),
                        conv(r, "block2.block.0", hidden).weight(),
                        norm(r, "block2.block.2"),
                        Activation.MISH,
                        r.linear("res_conv", blockIn, hidden));
        return new Block(resnet, load.list("1", "norm1.weight", this::transformer));
    }

    private Transformer transformer(Loader load) {
        int c = hidden;
        Linear qkv = load.linearsNoBias(c, -1, "attn1.to_q", "attn1.to_k", "attn1.to_v");
        int inner = qkv.out() / 3;
        if (qkv.out() != 3 * inner || inner % headDim != 0) {
            throw new WeightException(
                    "tensor 'attn1.to_q.weight' has " + inner + " rows, not heads of " + headDim);
        }
        Linear wide = load.linear("ff.net.0.proj", c, -1);
        return new Transformer(
                new TransformerLayer.Next(norm(load, "norm1"), qkv),
                new TransformerLayer(
                        inner / headDim,
                        (float) (1 / Math.sqrt(headDim)),
                        load.linear("attn1.to_out.0", inner, c),
                        norm(load, "norm3"),
                        wide,
                        Activation.GELU,
                        load.linear("ff.net.2", wide.out(), c)));
    }

    private TransformerLayer.Norm norm(Loader load, String name) {
        LayerNorm norm = load.layerNorm(name, hidden, EPS);
        return new TransformerLayer.Norm(norm.gamma(), norm.beta(), norm.eps());
    }

    /** A tenth of the work, and what it rounds comes back in every step. */
    private Conv1d conv(Loader load, String name, int convIn) {
        return load.role(Role.DIRECT).conv1d(name, convIn, hidden, Conv.causal(3));
    }

    /** Whether it was distilled to make long steps (Geng et al. 2025) and wants their end too. */
    boolean meanflow() {
        return mixer != null;
    }

    /** Columns of the input: state, mu, speaker and condition, each a quarter. */
    int in() {
        return in;
    }

    /** Room for the input that makes {@code out} (B,T,in/4): (B,T,in). */
    Tensor input(Ops ops, Tensor out) {
        return ops.operand(out, in, down.resnet().conv1());
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
     * The field at one time, or at one time a row.
     *
     * @param input (B,T,in), from {@link #input}
     * @param time (1,1,N*C), a row of {@link #times}, or (B,1,N*C)
     * @param out (B,T,in/4)
     */
    void run(Ops ops, Tensor input, Tensor time, Taps taps, Tensor out) {
        try (var scope = ops.scope()) {
            int index = 0;
            Tensor both = ops.operand(input, 2 * hidden, up.resnet().conv1()); // x | skip
            Tensor x = ops.operand(input, hidden, downConv.weight());
            Tensor y = ops.operand(input, hidden, downConv.weight());
            Tensor skip = both.cols(hidden, 2 * hidden);
            block(ops, input, down, time, index++, taps, skip);
            downConv.forward(ops, skip, Epilogue.NONE, y);
            taps.tap("est_down0_conv", ops, y);
            for (int i = 0; i < mid.size(); i++) {
                Tensor to = i == mid.size() - 1 ? both.cols(0, hidden) : x;
                block(ops, y, mid.get(i), time, index++, taps, to);
                x = y;
                y = to;
            }
            Tensor z = ops.operand(input, hidden, upConv.weight());
            block(ops, both, up, time, index, taps, z);
            upConv.forward(ops, z, Epilogue.NONE, x);
            taps.tap("est_up0_conv", ops, x);
            ops.causalConv1dNorm(x, finalConv.weight(), finalNorm, Activation.MISH, null, z);
            taps.tap("est_final", ops, z);
            ops.linear(z, projection, Epilogue.NONE, out);
        }
    }

    /**
     * x (B,T,in of the block) → out (B,T,C), which only products read: what is added up inside, h,
     * is rounded to their format at the end. {@code out} must not be x.
     */
    private void block(Ops ops, Tensor x, Block w, Tensor time, int index, Taps taps, Tensor out) {
        Taps own = taps.on() ? taps.under("est_" + name(index) + "_") : taps;
        Tensor more = time.cols(index * hidden, (index + 1) * hidden);
        try (var scope = ops.scope()) {
            if (w.transformers().isEmpty()) {
                ops.residualBlock(x, w.resnet(), more, out, null, null);
                own.tap("resnet", ops, out);
                return;
            }
            Tensor h = ops.like(x, hidden);
            TransformerLayer.Next first = w.transformers().getFirst().begin();
            Tensor qkv = ops.operand(x, first.qkv().out(), first.qkv());
            ops.residualBlock(x, w.resnet(), more, h, first, qkv);
            own.tap("resnet", ops, h);
            transform(ops, h, qkv, w.transformers(), own, out);
        }
    }

    private String name(int index) {
        return index == 0 ? "down0" : index > mid.size() ? "up0" : "mid" + (index - 1);
    }

    /** h (B,T,C), begin (B,T,3*H*D) → out through all layers; both change. */
    private void transform(
            Ops ops, Tensor h, Tensor begin, List<Transformer> layers, Taps taps, Tensor out) {
        try (var scope = ops.scope()) {
            Tensor qkv = begin;
            Tensor other = ops.operand(h, begin.cols(), layers.getFirst().begin().qkv());
            for (int i = 0; i < layers.size(); i++) {
                boolean last = i == layers.size() - 1;
                Tensor to = last ? out : h;
                ops.transformerLayer(
                        qkv,
                        layers.get(i).rest(),
                        h,
                        to,
                        last ? null : layers.get(i + 1).begin(),
                        last ? null : other);
                taps.tap("tfm" + i, ops, to);
                Tensor read = qkv;
                qkv = other;
                other = read;
            }
        }
    }
}
