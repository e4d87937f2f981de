package dev.skald.chatterbox.s3gen;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.ConvTranspose1d;
import dev.skald.tensor.Role;
import dev.skald.tensor.Stft;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * HiFT (Li et al. 2023): mel spectrogram → f0 → harmonic source → waveform, by upsampling blocks
 * with Snake residuals that the source's short-time spectrum is mixed into, and an inverse
 * short-time transform. Follows {@code HiFTGenerator} of {@code s3gen/hifigan.py} in
 * resemble-ai/chatterbox.
 *
 * <p>Legend: F mel frames (50 a second), N = 120 F + 1 spectral frames, C channels.
 */
public final class HiftVocoder {
    /** Samples of a mel frame. */
    public static final int SAMPLES_A_FRAME = 480;

    /**
     * Frames to each side that a sample depends on: 3 of the first convolution, 1 + 7.5 of the
     * first stage, about 2.5 of the others.
     */
    static final int REACH = 15;

    private static final int FFT = 16;
    private static final int HOP = 4;
    private static final int BINS = FFT / 2 + 1;
    private static final float SLOPE = 0.1f;
    private static final float LAST_SLOPE = 0.01f;
    private static final float LIMIT = 0.99f;
    private static final float MAX_MAGNITUDE = 100;
    private static final int[] DILATIONS = {1, 3, 5};

    private record Pair(Activation snake1, Conv1d conv1, Activation snake2, Conv1d conv2) {}

    /** A residual block: pairs of convolutions, each with its own residual. */
    private record ResBlock(List<Pair> pairs) {}

    private record Stage(
            ConvTranspose1d up, Conv1d sourceDown, ResBlock sourceBlock, List<ResBlock> blocks) {}

    private final F0Predictor f0Predictor;
    private final HarmonicSource source;
    private final Conv1d pre;
    private final List<Stage> stages;
    private final Conv1d post;
    private final Stft stft;

    /** Of activations. */
    private final long bytesAFrame;

    private HiftVocoder(Weights w, Parameters parameters) {
        f0Predictor = F0Predictor.load(w.under("f0_predictor."), parameters);
        source = HarmonicSource.load(w.under("m_source."), parameters, SAMPLES_A_FRAME);
        int width = w.get("conv_pre.bias", -1).shape()[0];
        pre = conv(w, "conv_pre", width, -1, 1, parameters, Role.DIRECT);
        List<Stage> found = new ArrayList<>();
        int rate = SAMPLES_A_FRAME / HOP; // of the spectral frames, over the stage's
        int kernels =
                count(w, "resblocks.", ".convs1.0.bias") / Math.max(1, count(w, "ups.", ".bias"));
        for (int i = 0; i == 0 || w.has("ups." + i + ".bias"); i++) {
            Stage stage = stage(w, i, width, rate, kernels, parameters);
            found.add(stage);
            rate /= stage.up().stride();
            width = stage.up().out();
        }
        stages = List.copyOf(found);
        long values = 0; // about four tensors of a stage live at once
        int rows = 1;
        for (Stage stage : stages) {
            rows *= stage.up().stride();
            values = Math.max(values, 4L * rows * stage.up().out());
        }
        bytesAFrame = values * Float.BYTES;
        post = conv(w, "conv_post", 2 * BINS, width, 1, parameters, Role.WORKING);
        stft = Stft.load(parameters, FFT, HOP);
    }

    /** Loads the weights under {@code mel2wav.} of {@code s3gen.safetensors}. */
    public static HiftVocoder load(Weights weights, Parameters parameters) {
        return new HiftVocoder(weights, parameters);
    }

    private static int count(Weights w, String before, String after) {
        int n = 0;
        while (w.has(before + n + after)) {
            n++;
        }
        return n;
    }

    private static Stage stage(
            Weights w, int index, int width, int rate, int kernels, Parameters parameters) {
        int out = w.get("ups." + index + ".bias", -1).shape()[0];
        Weight down = w.get("source_downs." + index + ".weight", out, 2 * BINS, -1);
        int downKernel = down.shape()[2];
        int left = downKernel == 1 ? 1 : downKernel / 2; // spectral frames a step after this stage
        Weight upWeight = WeightNorm.fold(w, "ups." + index, width, out, -1);
        int stride = rate / left;
        int upKernel = upWeight.shape()[2];
        if (stride * left != rate || downKernel != 1 && downKernel != 2 * left) {
            throw badKernel(down);
        }
        if (upKernel < stride || (upKernel - stride) % 2 != 0) {
            throw badKernel(upWeight);
        }
        List<ResBlock> blocks = new ArrayList<>();
        for (int k = 0; k < kernels; k++) {
            blocks.add(
                    resBlock(w.under("resblocks." + (index * kernels + k) + "."), out, parameters));
        }
        return new Stage(
                parameters.convTranspose1d(
                        upWeight,
                        w.get("ups." + index + ".bias", out),
                        stride,
                        (upKernel - stride) / 2,
                        Role.WORKING),
                parameters.conv1d(
                        down,
                        w.get("source_downs." + index + ".bias", out),
                        left,
                        1,
                        1,
                        Role.WORKING),
                resBlock(w.under("source_resblocks." + index + "."), out, parameters),
                List.copyOf(blocks));
    }

    private static ResBlock resBlock(Weights w, int c, Parameters parameters) {
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < DILATIONS.length; i++) {
            pairs.add(
                    new Pair(
                            Activation.snake(
                                    parameters.vector(w.get("activations1." + i + ".alpha", c))),
                            conv(w, "convs1." + i, c, c, DILATIONS[i], parameters, Role.WORKING),
                            Activation.snake(
                                    parameters.vector(w.get("activations2." + i + ".alpha", c))),
                            conv(w, "convs2." + i, c, c, 1, parameters, Role.WORKING)));
        }
        return new ResBlock(List.copyOf(pairs));
    }

    private static Conv1d conv(
            Weights w,
            String name,
            int out,
            int in,
            int dilation,
            Parameters parameters,
            Role role) {
        Weight weight = WeightNorm.fold(w, name, out, in, -1);
        if (weight.shape()[2] % 2 == 0) {
            throw badKernel(weight);
        }
        return parameters.conv1d(weight, w.get(name + ".bias", out), 1, dilation, 1, role);
    }

    private static WeightException badKernel(Weight weight) {
        return new WeightException(
                "tensor '"
                        + weight.name()
                        + "' has a kernel of "
                        + weight.shape()[2]
                        + ", which does not fit a vocoder of 480 samples a frame");
    }

    // ---- what it does

    /** Harmonics of the source, the fundamental included. */
    public int harmonics() {
        return source.harmonics();
    }

    /** Hz of each frame (1,F,1) of mel (1,F,80), in the caller's scope. */
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
        decode(ops, mel, source, ops.rowsAtOnce(bytesAFrame), taps, wave);
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

    private void decode(Ops ops, Tensor mel, Tensor source, Taps taps, Tensor wave) {
        int samples = source.rows();
        try (var scope = ops.scope()) {
            int count = samples / HOP + 1;
            Tensor x = ops.tensor(1, count, stages.getLast().up().out());
            try (var inner = ops.scope()) {
                Tensor spectrum = ops.tensor(1, count, 2 * stft.bins());
                ops.stft(source.reshape(1, 1, samples), stft, spectrum);
                taps.tap("s_stft", ops, spectrum);
                network(ops, mel, spectrum, taps, x);
            }
            Tensor y = // (1,N,18)
                    ops.conv1d(x, post, 3, 3, Activation.leakyRelu(LAST_SLOPE), Epilogue.NONE);
            if (taps.on()) {
                Tensor in = ops.tensor(1, count, x.cols());
                ops.activate(x, Activation.leakyRelu(LAST_SLOPE), in);
                taps.tap("post_in", ops, in);
            }
            taps.tap("conv_post", ops, y);
            ops.inverseStft(y, stft, MAX_MAGNITUDE, LIMIT, wave);
        }
    }

    private void network(Ops ops, Tensor mel, Tensor spectrum, Taps taps, Tensor out) {
        Tensor x = ops.conv1d(mel, pre, 3, 3, Epilogue.NONE); // (1,F,C)
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
            Tensor mixed = last ? out : ops.tensor(1, rows, stage.up().out());
            try (var scope = ops.scope()) {
                Tensor h = ops.convTranspose1d(x, stage.up(), Activation.leakyRelu(SLOPE));
                taps.tap("ups" + i, ops, h);
                if (last) {
                    // A mirrored row comes before the last stage.
                    Tensor up = h;
                    h = ops.tensor(1, rows + 1, up.cols());
                    ops.copy(up, h.rows(1, rows + 1));
                    ops.copy(up.rows(1, 2), h.rows(0, 1));
                }
                Conv1d down = stage.sourceDown();
                int pad = down.stride() / 2;
                Tensor s = ops.conv1d(spectrum, down, pad, pad, Epilogue.NONE);
                taps.tap("source_down" + i, ops, s);
                Tensor t = ops.tensor(1, s.rows(), s.cols());
                residual(ops, s, stage.sourceBlock(), t);
                taps.tap("source_res" + i, ops, s);
                ops.add(h, s, h);
                average(ops, h, stage.blocks(), s, t, mixed);
            }
            x = mixed;
        }
    }

    /** x through one residual block, in place; {@code t} is room for a tensor of x's shape. */
    private static void residual(Ops ops, Tensor x, ResBlock block, Tensor t) {
        for (Pair pair : block.pairs()) {
            inner(ops, x, pair, t);
            outer(ops, t, pair, new Epilogue(Activation.NONE, 1, x), x);
        }
    }

    private static void inner(Ops ops, Tensor x, Pair pair, Tensor t) {
        int reach = pair.conv1().dilation() * (pair.conv1().kernel() - 1) / 2;
        ops.conv1d(x, pair.conv1(), reach, reach, pair.snake1(), Epilogue.NONE, t);
    }

    private static void outer(Ops ops, Tensor t, Pair pair, Epilogue epilogue, Tensor out) {
        int reach = (pair.conv2().kernel() - 1) / 2;
        ops.conv1d(t, pair.conv2(), reach, reach, pair.snake2(), epilogue, out);
    }

    /** out = the mean of what each block makes of x; {@code y} and {@code t} are room. */
    private static void average(
            Ops ops, Tensor x, List<ResBlock> blocks, Tensor y, Tensor t, Tensor out) {
        float share = 1f / blocks.size();
        for (int b = 0; b < blocks.size(); b++) {
            List<Pair> pairs = blocks.get(b).pairs();
            Tensor in = x;
            for (int i = 0; i < pairs.size(); i++) {
                Pair pair = pairs.get(i);
                inner(ops, in, pair, t);
                if (i < pairs.size() - 1) {
                    outer(ops, t, pair, Epilogue.plus(in), y);
                    in = y;
                } else {
                    if (b == 0) {
                        ops.scale(in, share, 0, out);
                    } else {
                        ops.addScaled(out, in, share, out);
                    }
                    outer(ops, t, pair, new Epilogue(Activation.NONE, share, out), out);
                }
            }
        }
    }
}
