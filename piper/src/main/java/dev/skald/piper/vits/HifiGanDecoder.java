package dev.skald.piper.vits;

import dev.skald.piper.vits.Checkpoint.Geometry;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.ConvTranspose1d;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The vocoder from latent frames to samples: transposed convolutions, each followed by the mean of
 * residual blocks of several kernel sizes (HiFi-GAN, section 2.2 and appendix A.1; {@code
 * Generator} of jik876/hifi-gan). Blocks are of its type 1 (pairs of convolutions) or 2.
 *
 * <p>The mean's division is folded into the weights of the next layer, which leaky ReLUs allow.
 *
 * @param condition the speaker to a bias of {@code pre}'s output, or null
 */
record HifiGanDecoder(Conv1d pre, @Nullable Linear condition, List<Stage> stages, Conv1d post) {
    private static final Activation LEAKY = Activation.leakyRelu(0.1f);
    private static final Activation LAST_LEAKY = Activation.leakyRelu(0.01f);
    private static final int MOST_SAMPLES_A_FRAME = 4096;

    /** Values of a tensor of the last stage: a few of them fit a core's second cache. */
    private static final int PIECE = 1 << 16;

    /** One upsampling with its blocks, which run side by side. */
    record Stage(ConvTranspose1d up, List<Block> blocks) {
        /** How many rows on each side of the upsampled sequence one row of the output sees. */
        int reach() {
            int most = 0;
            for (Block block : blocks) {
                most = Math.max(most, block.reach());
            }
            return most;
        }
    }

    /** Residual units, one after the other. */
    record Block(List<Unit> units) {
        int reach() {
            int sum = 0;
            for (Unit unit : units) {
                sum += unit.reach();
            }
            return sum;
        }
    }

    /** {@code x + last(first(x))}; {@code first} only in blocks of type 1. */
    record Unit(@Nullable Conv1d first, Conv1d last) {
        int reach() {
            return Rows.reach(last) + (first == null ? 0 : Rows.reach(first));
        }
    }

    static HifiGanDecoder load(Parts parts, int latent, boolean turned, int speakerChannels) {
        int wide = parts.dimension("dec.conv_pre.weight", 3, 0);
        Weight preWeight = parts.weight("dec.conv_pre.weight", wide, latent, -1);
        Conv1d pre =
                parts.conv(
                        "dec.conv_pre", turned ? Parts.reversed(preWeight, 1) : preWeight, true, 1);
        int ups = 0;
        while (parts.has("dec.ups." + ups)) {
            ups++;
        }
        int blocks = 0;
        while (parts.has("dec.resblocks." + blocks + ".convs.0")
                || parts.has("dec.resblocks." + blocks + ".convs1.0")) {
            blocks++;
        }
        if (ups == 0 || blocks == 0 || blocks % ups != 0) {
            throw new WeightException("not a Piper network: its decoder is not HiFi-GAN's");
        }
        List<Stage> stages = new ArrayList<>();
        int channels = wide;
        int each = blocks / ups;
        int hop = 1;
        for (int i = 0; i < ups; i++) {
            float mean = i == 0 ? 1 : 1f / each;
            Stage stage = stage(parts, i, each, channels, mean);
            hop = Math.multiplyExact(hop, stage.up.stride());
            if (hop > MOST_SAMPLES_A_FRAME) {
                throw new WeightException("dec.ups: more than 4096 samples a frame");
            }
            channels = stage.up.out();
            stages.add(stage);
        }
        Weight post = parts.weight("dec.conv_post.weight", 1, channels, -1);
        return new HifiGanDecoder(
                pre,
                speakerChannels > 0 ? parts.linear("dec.cond", wide, speakerChannels) : null,
                List.copyOf(stages),
                parts.conv(
                        "dec.conv_post",
                        Parts.scaled(post, 1f / each),
                        parts.checkpoint().has("dec.conv_post.bias"),
                        1));
    }

    private static Stage stage(Parts parts, int number, int blocks, int in, float mean) {
        String module = "dec.ups." + number;
        int out = parts.dimension(module + ".weight", 3, 1);
        Weight weight = parts.weight(module + ".weight", in, out, -1);
        Geometry geometry = parts.checkpoint().geometry(module);
        int kernel = weight.shape()[2];
        if (geometry.groups() != 1
                || geometry.dilation() != 1
                || kernel > 1024
                || kernel != geometry.stride() + 2 * geometry.padding()) {
            throw new WeightException(module + " does not step as Piper's does");
        }
        ConvTranspose1d up =
                parts.parameters()
                        .convTranspose1d(
                                Parts.scaled(weight, mean),
                                parts.bias(module, out),
                                geometry.stride(),
                                geometry.padding(),
                                Role.WORKING);
        List<Block> made = new ArrayList<>();
        for (int i = 0; i < blocks; i++) {
            made.add(block(parts, "dec.resblocks." + (number * blocks + i), out));
        }
        return new Stage(up, List.copyOf(made));
    }

    private static Block block(Parts parts, String module, int channels) {
        boolean pairs = parts.has(module + ".convs1.0");
        String last = module + (pairs ? ".convs2." : ".convs.");
        List<Unit> units = new ArrayList<>();
        while (parts.has(last + units.size())) {
            int i = units.size();
            units.add(
                    new Unit(
                            pairs
                                    ? parts.conv(module + ".convs1." + i, channels, channels, true)
                                    : null,
                            parts.conv(last + i, channels, channels, true)));
        }
        return new Block(List.copyOf(units));
    }

    /** Samples of one frame. */
    int hop() {
        int hop = 1;
        for (Stage stage : stages) {
            hop *= stage.up.stride();
        }
        return hop;
    }

    /** For one frame. */
    long operations() {
        long sum = 2L * pre.in() * pre.out() * pre.kernel();
        long rows = 1;
        for (Stage stage : stages) {
            sum += 2L * rows * stage.up.in() * stage.up.out() * stage.up.kernel();
            rows *= stage.up.stride();
            for (Block block : stage.blocks) {
                for (Unit unit : block.units) {
                    long taps = unit.last.kernel() + (unit.first == null ? 0 : unit.first.kernel());
                    sum += 2L * rows * unit.last.in() * unit.last.out() * taps;
                }
            }
        }
        return sum + 2L * rows * post.in() * post.kernel();
    }

    /** The frames of the latent that the samples of {@code frames} depend on. */
    Rows needed(Rows frames, int whole) {
        return plan(frames, whole).latent;
    }

    /**
     * The rows each step has to compute.
     *
     * @param latent of the input
     * @param pre of the first convolution
     * @param outs of each stage's output
     * @param samples of the output
     */
    private record Plan(Rows latent, Rows pre, List<Rows> outs, Rows samples) {}

    private Plan plan(Rows frames, int whole) {
        int hop = hop();
        Rows samples = new Rows(frames.from() * hop, frames.to() * hop);
        int length = whole * hop;
        Rows rows = samples.grown(Rows.reach(post), length);
        List<Rows> outs = new ArrayList<>();
        for (Stage stage : stages.reversed()) {
            outs.addFirst(rows);
            rows = rows.grown(stage.reach(), length);
            length /= stage.up.stride();
            rows = sources(stage.up, rows, length);
        }
        return new Plan(rows.grown(Rows.reach(pre), whole), rows, outs, samples);
    }

    /** The input rows that those output rows get something from. */
    private static Rows sources(ConvTranspose1d up, Rows out, int whole) {
        int first = Math.ceilDiv(out.from() + up.padding() - up.kernel() + 1, up.stride());
        int last = Math.floorDiv(out.to() - 1 + up.padding(), up.stride());
        return new Rows(Math.max(0, first), Math.min(whole, last + 1));
    }

    /** The speaker's bias of the first convolution's output (1,1,C), or null. */
    @Nullable Tensor condition(Ops ops, @Nullable Tensor speaker) {
        return speaker == null || condition == null ? null : ops.linear(speaker, condition);
    }

    /**
     * The samples of some frames.
     *
     * @param z (1,F',latent), the frames {@link #needed}
     * @return (1,S,1), {@code frames.count() * hop()} samples from -1 to 1
     */
    Tensor decode(Ops ops, Tensor z, Rows frames, int whole, @Nullable Tensor condition) {
        Plan plan = plan(frames, whole);
        Tensor out = ops.tensor(1, plan.samples.count(), 1);
        try (Ops.Scope scope = ops.scope()) {
            Tensor x = ops.tensor(1, plan.pre.count(), pre.out());
            plan.pre.conv(ops, z, plan.latent, whole, pre, Activation.NONE, Epilogue.NONE, x);
            if (condition != null) {
                ops.add(x, condition, x);
            }
            decode(ops, x, plan, 0, whole, out);
        }
        return out;
    }

    /** Stage by stage, each with the memory of the one before still open. */
    private void decode(Ops ops, Tensor x, Plan plan, int number, int whole, Tensor out) {
        Stage stage = stages.get(number);
        int rows = whole * stage.up.stride();
        Rows have = number == 0 ? plan.pre : plan.outs.get(number - 1);
        if (number == stages.size() - 1) {
            samples(ops, stage, x, have, whole, plan.samples, out);
            return;
        }
        Rows want = plan.outs.get(number);
        Tensor mixed = ops.tensor(1, want.count(), stage.up.out());
        mix(ops, stage, x, have, whole, want, mixed);
        decode(ops, mixed, plan, number + 1, rows, out);
    }

    /** The last stage and the samples, in pieces: its rows are many, and these stay in cache. */
    private void samples(
            Ops ops, Stage stage, Tensor x, Rows have, int whole, Rows samples, Tensor out) {
        int rows = whole * stage.up.stride();
        int size = Math.max(1, PIECE / stage.up.out());
        for (int from = samples.from(); from < samples.to(); from += size) {
            Rows piece = new Rows(from, Math.min(samples.to(), from + size));
            Rows want = piece.grown(Rows.reach(post), rows);
            try (Ops.Scope scope = ops.scope()) {
                Tensor mixed = ops.tensor(1, want.count(), stage.up.out());
                mix(ops, stage, x, have, whole, want, mixed);
                piece.conv(
                        ops,
                        mixed,
                        want,
                        rows,
                        post,
                        LAST_LEAKY,
                        Epilogue.of(Activation.TANH),
                        piece.of(out, samples));
            }
        }
    }

    /** The mean of a stage's blocks, of which it is the sum: the mean is in the weights. */
    private static void mix(
            Ops ops, Stage stage, Tensor x, Rows have, int whole, Rows want, Tensor mixed) {
        int rows = whole * stage.up.stride();
        Rows upRows = want.grown(stage.reach(), rows);
        try (Ops.Scope scope = ops.scope()) {
            Tensor up = up(ops, stage.up, x, have, upRows, whole);
            boolean first = true;
            for (Block block : stage.blocks) {
                try (Ops.Scope inner = ops.scope()) {
                    block(ops, block, up, upRows, want, rows, first, mixed);
                }
                first = false;
            }
        }
    }

    private static Tensor up(
            Ops ops, ConvTranspose1d up, Tensor x, Rows have, Rows want, int whole) {
        Rows sources = sources(up, want, whole);
        Tensor all = ops.convTranspose1d(sources.of(x, have), up, LEAKY);
        int start = sources.from() * up.stride();
        return all.rows(want.from() - start, want.to() - start);
    }

    /** Adds a block's output to {@code mixed}, or puts it there. */
    private static void block(
            Ops ops,
            Block block,
            Tensor up,
            Rows upRows,
            Rows want,
            int whole,
            boolean first,
            Tensor mixed) {
        Tensor x = up;
        Rows rows = upRows;
        int left = block.reach();
        int channels = mixed.cols();
        for (int i = 0; i < block.units.size(); i++) {
            Unit unit = block.units.get(i);
            boolean last = i == block.units.size() - 1;
            left -= unit.reach();
            Rows next = want.grown(left, whole);
            Tensor y = x;
            Rows yRows = rows;
            if (unit.first != null) {
                yRows = next.grown(Rows.reach(unit.last), whole);
                y = ops.tensor(1, yRows.count(), channels);
                yRows.conv(ops, x, rows, whole, unit.first, LEAKY, Epilogue.NONE, y);
            }
            Tensor residual = next.of(x, rows);
            Tensor out = last ? mixed : ops.tensor(1, next.count(), channels);
            if (last && !first) {
                ops.add(mixed, residual, mixed);
                residual = mixed;
            }
            next.conv(ops, y, yRows, whole, unit.last, LEAKY, Epilogue.plus(residual), out);
            x = out;
            rows = next;
        }
    }
}
