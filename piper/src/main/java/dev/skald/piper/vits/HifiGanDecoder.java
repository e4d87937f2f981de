package dev.skald.piper.vits;

import dev.skald.nn.Conv;
import dev.skald.nn.Conv1d;
import dev.skald.nn.Loader;
import dev.skald.nn.ResBlock;
import dev.skald.nn.Rows;
import dev.skald.nn.WeightEdits;
import dev.skald.piper.vits.Checkpoint.Geometry;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Parameters.ConvTranspose1d;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Tensor;
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

    /**
     * Values of a stage's output from which one sentence of a batch is computed after the other:
     * each fills a large GPU, and memory is that of one.
     */
    private static final int MANY = 2 << 20;

    /** One upsampling with its blocks, which run side by side. */
    record Stage(ConvTranspose1d up, List<ResBlock> blocks) {
        /** How many rows on each side of the upsampled sequence one row of the output sees. */
        int reach() {
            return ResBlock.reach(blocks);
        }
    }

    static HifiGanDecoder load(Parts all, int latent, boolean reversed, int speakerChannels) {
        Parts dec = all.under("dec");
        Parts first =
                reversed ? dec.edited("conv_pre.weight", w -> WeightEdits.reversed(w, 1)) : dec;
        Conv1d pre =
                first.conv("conv_pre", latent, dec.shape("conv_pre.weight", -1, latent, -1)[0]);
        int ups = dec.count("ups.", "");
        int blocks =
                Math.max(dec.count("resblocks.", ".convs.0"), dec.count("resblocks.", ".convs1.0"));
        if (ups == 0 || blocks == 0 || blocks % ups != 0) {
            throw new WeightException("not a Piper network: its decoder is not HiFi-GAN's");
        }
        List<Stage> stages = new ArrayList<>();
        int channels = pre.out();
        int each = blocks / ups;
        int hop = 1;
        for (int i = 0; i < ups; i++) {
            Stage stage = stage(dec, i, each, channels, i == 0 ? 1 : 1f / each);
            hop = Math.multiplyExact(hop, stage.up.stride());
            if (hop > MOST_SAMPLES_A_FRAME) {
                throw new WeightException("dec.ups: more than 4096 samples a frame");
            }
            channels = stage.up.out();
            stages.add(stage);
        }
        Conv how = dec.how("conv_post", 1);
        Loader post = dec.load().edited("conv_post.weight", w -> WeightEdits.scaled(w, 1f / each));
        return new HifiGanDecoder(
                pre,
                speakerChannels > 0 ? dec.linear("cond", speakerChannels, pre.out()) : null,
                List.copyOf(stages),
                post.conv1d(
                        "conv_post", channels, 1, post.has("conv_post.bias") ? how : how.noBias()));
    }

    private static Stage stage(Parts dec, int number, int blocks, int in, float mean) {
        String up = "ups." + number;
        int out = dec.shape(up + ".weight", in, -1, -1)[1];
        Geometry geometry = dec.geometry(up);
        int kernel = dec.load().kernel(up);
        if (geometry.groups() != 1
                || geometry.dilation() != 1
                || kernel > 1024
                || kernel != geometry.stride() + 2 * geometry.padding()) {
            throw dec.doesNotStep(up);
        }
        List<ResBlock> made = new ArrayList<>();
        for (int i = 0; i < blocks; i++) {
            made.add(block(dec.under("resblocks", number * blocks + i), out));
        }
        return new Stage(
                dec.load()
                        .edited(up + ".weight", w -> WeightEdits.scaled(w, mean))
                        .convTranspose1d(
                                up, in, out, kernel, geometry.stride(), geometry.padding()),
                List.copyOf(made));
    }

    private static ResBlock block(Parts parts, int c) {
        boolean pairs = parts.has("convs1.0");
        String second = pairs ? "convs2." : "convs.";
        List<ResBlock.Unit> units = new ArrayList<>();
        for (int i = 0; i < parts.count(second, ""); i++) {
            Conv1d conv1 = pairs ? parts.conv("convs1." + i, c, c) : null;
            Conv1d conv2 = parts.conv(second + i, c, c);
            units.add(new ResBlock.Unit(LEAKY, conv1, LEAKY, conv2));
        }
        return new ResBlock(List.copyOf(units));
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
            for (ResBlock block : stage.blocks) {
                for (ResBlock.Unit unit : block.units()) {
                    Conv1d first = unit.conv1();
                    long taps = unit.conv2().kernel() + (first == null ? 0 : first.kernel());
                    sum += 2L * rows * unit.conv2().in() * unit.conv2().out() * taps;
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
        Rows rows = samples.grown(post.reach(), length);
        List<Rows> outs = new ArrayList<>();
        for (Stage stage : stages.reversed()) {
            outs.addFirst(rows);
            rows = rows.grown(stage.reach(), length);
            length /= stage.up.stride();
            rows = rows.sources(stage.up, length);
        }
        return new Plan(rows.grown(pre.reach(), whole), rows, outs, samples);
    }

    /** The speaker's bias of the first convolution's output (B,1,C), or null. */
    @Nullable Tensor condition(Ops ops, @Nullable Tensor speaker) {
        return speaker == null || condition == null ? null : ops.linear(speaker, condition);
    }

    /**
     * The samples of some frames.
     *
     * @param z (B,F',latent), the frames {@link #needed}
     * @return (B,S,1), {@code frames.count() * hop()} samples from -1 to 1
     */
    Tensor decode(Ops ops, Tensor z, Rows frames, int whole, @Nullable Tensor condition) {
        Tensor out = ops.tensor(z.batch(), frames.count() * hop(), 1);
        decode(ops, z, frames, whole, condition, out);
        return out;
    }

    /**
     * The same into a given tensor.
     *
     * @param z may be padded, if {@code frames} are the whole
     */
    void decode(Ops ops, Tensor z, Rows frames, int whole, @Nullable Tensor condition, Tensor out) {
        Plan plan = plan(frames, whole);
        try (Ops.Scope scope = ops.scope()) {
            Tensor x = ops.tensor(z.batch(), plan.pre.count(), pre.out());
            x = z.lengths() == null ? x : x.valid(z.lengths());
            plan.pre.conv(ops, z, plan.latent, whole, pre, Activation.NONE, Epilogue.NONE, x);
            if (condition != null) {
                ops.add(x, condition, x);
            }
            decode(ops, x, plan, 0, whole, out);
        }
    }

    /** Stage by stage, each with the memory of the one before still open. */
    private void decode(Ops ops, Tensor x, Plan plan, int number, int whole, Tensor out) {
        Stage stage = stages.get(number);
        int rows = whole * stage.up.stride();
        if (x.batch() > 1 && (long) rows * stage.up.out() > MANY) {
            for (int i = 0; i < x.batch(); i++) {
                try (Ops.Scope scope = ops.scope()) {
                    decode(ops, x.batch(i), plan, number, whole, out.batch(i));
                }
            }
            return;
        }
        Rows have = number == 0 ? plan.pre : plan.outs.get(number - 1);
        if (number == stages.size() - 1) {
            samples(ops, stage, x, have, whole, plan.samples, out);
            return;
        }
        Rows want = plan.outs.get(number);
        Tensor mixed = mixed(ops, stage, x, want);
        mix(ops, stage, x, have, whole, want, mixed);
        decode(ops, mixed, plan, number + 1, rows, out);
    }

    /** The last stage and the samples, in pieces: its rows are many, and these stay in cache. */
    private void samples(
            Ops ops, Stage stage, Tensor x, Rows have, int whole, Rows samples, Tensor out) {
        int rows = whole * stage.up.stride();
        // About four tensors are in use at once.
        int size = ops.rowsInCache(4L * Float.BYTES * stage.up.out());
        for (int from = samples.from(); from < samples.to(); ) {
            Rows piece = new Rows(from, from + Math.min(samples.to() - from, size));
            Rows want = piece.grown(post.reach(), rows);
            try (Ops.Scope scope = ops.scope()) {
                Tensor mixed = mixed(ops, stage, x, want);
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
            from = piece.to();
        }
    }

    /** Room for the output of a stage. */
    private static Tensor mixed(Ops ops, Stage stage, Tensor x, Rows want) {
        Tensor mixed = ops.tensor(x.batch(), want.count(), stage.up.out());
        Ints valid = x.lengths();
        return valid == null ? mixed : mixed.valid(ops.lengths(valid, stage.up.stride(), 0, 1));
    }

    /** The mean of a stage's blocks, of which it is the sum: the mean is in the weights. */
    private static void mix(
            Ops ops, Stage stage, Tensor x, Rows have, int whole, Rows want, Tensor mixed) {
        int rows = whole * stage.up.stride();
        Rows upRows = want.grown(stage.reach(), rows);
        try (Ops.Scope scope = ops.scope()) {
            Tensor up = up(ops, stage.up, x, have, upRows, whole);
            ResBlock.sum(ops, stage.blocks, up, upRows, want, rows, 1, mixed);
        }
    }

    private static Tensor up(
            Ops ops, ConvTranspose1d up, Tensor x, Rows have, Rows want, int whole) {
        Rows sources = want.sources(up, whole);
        Tensor all = ops.convTranspose1d(sources.of(x, have), up, LEAKY);
        int start = sources.from() * up.stride();
        return all.rows(want.from() - start, want.to() - start);
    }
}
