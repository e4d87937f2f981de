package dev.skald.chatterbox.s3gen;

import dev.skald.nn.Conv;
import dev.skald.nn.Conv1d;
import dev.skald.nn.HarmonicSource;
import dev.skald.nn.Loader;
import dev.skald.nn.NoiseSource;
import dev.skald.nn.ResBlock;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.ConvTranspose1d;
import dev.skald.tensor.Role;
import dev.skald.tensor.Stft;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.Weights;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * HiFT (Li et al. 2023): mel spectrogram → f0 → harmonic source → waveform, by upsampling blocks
 * with Snake residuals that the source's short-time spectrum is mixed into, and an inverse
 * short-time transform. Follows {@code HiFTGenerator} of {@code s3gen/hifigan.py} in
 * resemble-ai/chatterbox.
 *
 * <p>Legend: B pieces, F mel frames (50 a second), N = 120 F + 1 spectral frames, C channels.
 */
public final class HiftVocoder {
    /** Samples of a mel frame. */
    public static final int SAMPLES_A_FRAME = 480;

    /**
     * Frames to each side that a sample depends on: 3 of the first convolution, 1 + 7.5 of the
     * first stage, about 2.5 of the others.
     */
    static final int REACH = 15;

    private static final int SAMPLE_RATE = 24_000;
    private static final int FFT = 16;
    private static final int HOP = 4;
    private static final int BINS = FFT / 2 + 1;
    private static final float SLOPE = 0.1f;
    private static final float LAST_SLOPE = 0.01f;
    private static final float LIMIT = 0.99f;
    private static final float MAX_MAGNITUDE = 100;
    private static final int[] DILATIONS = {1, 3, 5};

    /** So many frames at most are recorded: with more, launches take less time than the kernels. */
    private static final int RECORDED = 256;

    private record Stage(
            ConvTranspose1d up, Conv1d sourceDown, ResBlock sourceBlock, List<ResBlock> blocks) {}

    private final F0Predictor f0Predictor;
    private final HarmonicSource source;
    private final Conv1d pre;
    private final List<Stage> stages = new ArrayList<>();
    private final Conv1d post;
    private final Stft stft;

    /** Of activations. */
    private final long bytesAFrame;

    private HiftVocoder(Loader load) {
        f0Predictor = new F0Predictor(load.under("f0_predictor"));
        source = HarmonicSource.load(load.under("m_source"), SAMPLE_RATE, SAMPLES_A_FRAME);
        pre = load.role(Role.DIRECT).conv1d("conv_pre", -1, -1, Conv.same(-1));
        int ups = count(load, "ups.", ".bias");
        int kernels = count(load, "resblocks.", ".convs1.0.bias") / Math.max(1, ups);
        int channels = pre.out();
        int rate = SAMPLES_A_FRAME / HOP; // of the spectral frames, over the stage's
        int rows = 1;
        long values = 0; // about four tensors of a stage live at once
        for (int i = 0; i == 0 || i < ups; i++) {
            Stage stage = stage(load, i, channels, rate, kernels);
            stages.add(stage);
            channels = stage.up().out();
            rate /= stage.up().stride();
            rows *= stage.up().stride();
            values = Math.max(values, 4L * rows * channels);
        }
        bytesAFrame = values * Float.BYTES;
        post = load.conv1d("conv_post", channels, 2 * BINS, Conv.same(-1));
        stft = Stft.load(load.parameters(), FFT, HOP);
    }

    /** Loads the weights under {@code mel2wav.} of {@code s3gen.safetensors}. */
    public static HiftVocoder load(Weights weights, Parameters parameters) {
        return new HiftVocoder(Loader.of(weights, parameters));
    }

    private static int count(Loader load, String before, String after) {
        int n = 0;
        while (load.has(before + n + after)) {
            n++;
        }
        return n;
    }

    private static Stage stage(Loader load, int index, int in, int rate, int kernels) {
        String up = "ups." + index;
        String sourceDown = "source_downs." + index;
        int out = load.size(up + ".bias", -1);
        int upKernel = load.kernel(up);
        int downKernel = load.kernel(sourceDown);
        int left = downKernel == 1 ? 1 : downKernel / 2; // spectral frames a step after this stage
        int stride = rate / left;
        if (stride * left != rate || downKernel != 1 && downKernel != 2 * left) {
            throw badKernel(sourceDown, downKernel);
        }
        if (upKernel < stride || (upKernel - stride) % 2 != 0) {
            throw badKernel(up, upKernel);
        }
        List<ResBlock> blocks = new ArrayList<>();
        for (int k = 0; k < kernels; k++) {
            blocks.add(resBlock(load.under("resblocks", index * kernels + k), out));
        }
        return new Stage(
                load.convTranspose1d(up, in, out, upKernel, stride, (upKernel - stride) / 2),
                load.conv1d(
                        sourceDown,
                        2 * BINS,
                        out,
                        Conv.padded(downKernel, left / 2, left / 2).stride(left)),
                resBlock(load.under("source_resblocks", index), out),
                List.copyOf(blocks));
    }

    private static ResBlock resBlock(Loader load, int c) {
        List<ResBlock.Unit> units = new ArrayList<>();
        for (int i = 0; i < DILATIONS.length; i++) {
            units.add(
                    new ResBlock.Unit(
                            load.snake("activations1." + i + ".alpha", c),
                            load.conv1d("convs1." + i, c, c, Conv.same(-1).dilation(DILATIONS[i])),
                            load.snake("activations2." + i + ".alpha", c),
                            load.conv1d("convs2." + i, c, c, Conv.same(-1))));
        }
        return new ResBlock(List.copyOf(units));
    }

    private static WeightException badKernel(String name, int kernel) {
        return new WeightException(
                "tensor '"
                        + name
                        + ".weight' has a kernel of "
                        + kernel
                        + ", which does not fit a vocoder of 480 samples a frame");
    }

    // ---- what it does

    /** Harmonics of the source, the fundamental included. */
    public int harmonics() {
        return source.harmonics();
    }

    /** Hz of each frame (B,F,1) of mel (B,F,80), in the caller's scope. */
    Tensor f0(Ops ops, Tensor mel) {
        return f0Predictor.predict(ops, mel);
    }

    /** See {@link HarmonicSource#generate}. */
    void source(
            Ops ops,
            Tensor f0,
            HarmonicSource.Phase phase,
            long first,
            NoiseSource noise,
            Taps taps,
            Tensor out) {
        source.generate(ops, f0, phase, first, noise, taps, out);
    }

    /**
     * mel (1,F,80) → waveform (1,1,480 F), within ±0.99, in the caller's scope.
     *
     * @param source (1,480 F,1)
     */
    public Tensor decode(Ops ops, Tensor mel, Tensor source, Taps taps) {
        int samples = mel.rows() * SAMPLES_A_FRAME;
        if (source.rows() != samples) {
            throw new IllegalArgumentException(
                    source.rows() + " source samples for " + mel.rows() + " frames");
        }
        Tensor wave = ops.tensor(1, 1, samples);
        decode(ops, mel, source, framesAtOnce(ops), taps, wave);
        return wave;
    }

    /** The same, {@code most} frames at a time with those around them. */
    void decode(Ops ops, Tensor mel, Tensor source, int most, Taps taps, Tensor wave) {
        if (mel.rows() <= most + REACH) {
            decode(ops, mel, source, taps, wave);
            return;
        }
        for (int from = 0; from < mel.rows(); from += most) {
            int to = Math.min(mel.rows(), from + most);
            int low = Math.max(0, from - REACH);
            int high = Math.min(mel.rows(), to + REACH);
            try (var scope = ops.scope()) {
                Tensor part = ops.tensor(1, 1, (high - low) * SAMPLES_A_FRAME);
                decode(
                        ops,
                        mel.rows(low, high),
                        source.rows(low * SAMPLES_A_FRAME, high * SAMPLES_A_FRAME),
                        taps,
                        part);
                ops.copy(
                        part.cols((from - low) * SAMPLES_A_FRAME, (to - low) * SAMPLES_A_FRAME),
                        wave.cols(from * SAMPLES_A_FRAME, to * SAMPLES_A_FRAME));
            }
        }
    }

    /** How many frames can be decoded at once. */
    int framesAtOnce(Ops ops) {
        return ops.rowsAtOnce(bytesAFrame);
    }

    /**
     * Several at once, each as if it were alone: mel (B,F,80), padded → waveforms (B,1,480 F).
     *
     * @param source (B,480 F,1)
     */
    void decodeTogether(Ops ops, Tensor mel, Tensor source, Tensor waves) {
        direct(ops, mel, source, Taps.NONE, waves);
    }

    /** Where the ops are the same. */
    private record Shape(HiftVocoder vocoder, int frames, boolean padded) {}

    /**
     * What a recording works on.
     *
     * @param mel (1,F,80)
     * @param source (1,480 F,1)
     * @param wave (1,1,480 F)
     * @param valid how many frames are; null if all
     */
    record Window(Tensor mel, Tensor source, Tensor wave, @Nullable Ints valid) {}

    Window window(Ops ops, int frames, boolean padded) {
        int samples = frames * SAMPLES_A_FRAME;
        return new Window(
                ops.tensor(1, frames, pre.in()),
                ops.tensor(1, samples, 1),
                ops.tensor(1, 1, samples),
                padded ? ops.ints(1) : null);
    }

    /** The samples of a window; nothing in it comes from the host. */
    void decode(Ops ops, Window w) {
        Tensor mel = w.valid() == null ? w.mel() : w.mel().valid(w.valid());
        direct(ops, mel, w.source(), Taps.NONE, w.wave());
    }

    private void decode(Ops ops, Tensor mel, Tensor source, Taps taps, Tensor wave) {
        int frames = mel.rows();
        if (taps.on() || frames > RECORDED) {
            direct(ops, mel, source, taps, wave);
            return;
        }
        int rows = ops.bucket(frames);
        boolean padded = rows > frames;
        try (var scope = ops.scope();
                Ops.Recording<Window> recording =
                        ops.record(
                                new Shape(this, rows, padded),
                                on -> window(on, rows, padded),
                                this::decode)) {
            Window w = recording.tensors();
            int samples = frames * SAMPLES_A_FRAME;
            ops.copy(mel, w.mel().rows(0, frames));
            ops.copy(source, w.source().rows(0, samples));
            if (w.valid() != null) {
                ops.write(new int[] {frames}, w.valid());
            }
            recording.replay();
            ops.copy(w.wave().cols(0, samples), wave);
        }
    }

    /** Says how many rows are valid, if some are not. */
    private static Tensor valid(Tensor x, @Nullable Ints rows) {
        return rows == null ? x : x.valid(rows);
    }

    private void direct(Ops ops, Tensor mel, Tensor source, Taps taps, Tensor wave) {
        int n = mel.batch();
        int samples = source.rows();
        try (var scope = ops.scope()) {
            int count = samples / HOP + 1;
            Ints frames = mel.lengths();
            Ints rows = frames == null ? null : ops.lengths(frames, SAMPLES_A_FRAME / HOP, 1, 1);
            Tensor x = valid(ops.tensor(n, count, stages.getLast().up().out()), rows);
            try (var inner = ops.scope()) {
                Tensor spectrum = valid(ops.tensor(n, count, 2 * stft.bins()), rows);
                ops.stft(source.reshape(n, 1, samples), stft, spectrum);
                taps.tap("s_stft", ops, spectrum);
                network(ops, mel, spectrum, taps, x);
            }
            Activation leaky = Activation.leakyRelu(LAST_SLOPE);
            Tensor y = post.forward(ops, x, leaky, Epilogue.NONE); // (B,N,18)
            if (taps.on()) {
                Tensor in = ops.tensor(1, count, x.cols());
                ops.activate(x, leaky, in);
                taps.tap("post_in", ops, in);
            }
            taps.tap("conv_post", ops, y);
            ops.inverseStft(y, stft, MAX_MAGNITUDE, LIMIT, wave);
        }
    }

    private void network(Ops ops, Tensor mel, Tensor spectrum, Taps taps, Tensor out) {
        Tensor x = pre.forward(ops, mel); // (B,F,C)
        taps.tap("conv_pre", ops, x);
        for (int i = 0; i < stages.size(); i++) {
            Stage stage = stages.get(i);
            boolean last = i == stages.size() - 1;
            if (taps.on()) {
                Tensor in = ops.tensor(1, x.rows(), x.cols());
                ops.activate(x, Activation.leakyRelu(SLOPE), in);
                taps.tap("ups_in" + i, ops, in);
            }
            int rows = stage.up().rows(x.rows());
            Ints before = x.lengths();
            Ints valid = before == null ? null : ops.lengths(before, stage.up().stride(), 0, 1);
            Tensor mixed = last ? out : valid(ops.tensor(x.batch(), rows, stage.up().out()), valid);
            try (var scope = ops.scope()) {
                Tensor h = ops.convTranspose1d(x, stage.up(), Activation.leakyRelu(SLOPE));
                taps.tap("ups" + i, ops, h);
                if (last) {
                    // A mirrored row comes before the last stage.
                    Tensor up = h;
                    h = ops.tensor(x.batch(), rows + 1, up.cols());
                    ops.copy(up, h.rows(1, rows + 1));
                    for (int b = 0; b < x.batch(); b++) {
                        ops.copy(up.batch(b).unpadded(2).rows(1, 2), h.batch(b).rows(0, 1));
                    }
                    h = valid(h, out.lengths());
                }
                try (var inner = ops.scope()) {
                    Tensor s = stage.sourceDown().forward(ops, spectrum);
                    taps.tap("source_down" + i, ops, s);
                    if (taps.on()) {
                        Tensor made = ops.zeros(1, s.rows(), s.cols());
                        stage.sourceBlock().addTo(ops, s, made);
                        taps.tap("source_res" + i, ops, made);
                    }
                    stage.sourceBlock().addTo(ops, s, h);
                }
                ResBlock.sum(ops, stage.blocks(), h, 1f / stage.blocks().size(), mixed);
            }
            x = mixed;
        }
    }
}
