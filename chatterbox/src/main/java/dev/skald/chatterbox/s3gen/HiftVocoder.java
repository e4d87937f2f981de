package dev.skald.chatterbox.s3gen;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.ConvTranspose1d;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
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

    /** Frames decoded at once, which bounds memory. */
    private static final int AT_ONCE = 500;

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
    private final Linear forward; // 16 windowed samples → 9 real, 9 imaginary
    private final Linear inverse; // back, windowed, over the constant sum of squared windows
    private final Tensor headGain;
    private final Tensor tailGain;

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
        post = conv(w, "conv_post", 2 * BINS, width, 1, parameters, Role.WORKING);
        forward = parameters.linear(forwardBasis(), null, Role.WORKING);
        inverse = parameters.linear(inverseBasis(), null, Role.WORKING);
        float[] head = new float[HOP];
        float[] tail = new float[HOP];
        for (int i = 0; i < HOP; i++) {
            head[i] = (float) (WINDOW_ENERGY / (WINDOW_ENERGY - squared(FFT - HOP + i)));
            tail[i] = (float) (WINDOW_ENERGY / (WINDOW_ENERGY - squared(i)));
        }
        headGain = parameters.constant(head, 1, HOP);
        tailGain = parameters.constant(tail, 1, HOP);
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

    // ---- the short-time transform: periodic Hann window of 16, every 4

    private static final double WINDOW_ENERGY = 1.5; // sum of its squares where frames overlap

    private static double window(int i) {
        return 0.5 - 0.5 * Math.cos(2 * Math.PI * i / FFT);
    }

    private static double squared(int i) {
        return window(i) * window(i);
    }

    private static Weight forwardBasis() {
        float[] basis = new float[2 * BINS * FFT];
        for (int k = 0; k < BINS; k++) {
            for (int n = 0; n < FFT; n++) {
                double angle = 2 * Math.PI * k * n / FFT;
                basis[k * FFT + n] = (float) (window(n) * Math.cos(angle));
                basis[(BINS + k) * FFT + n] = (float) (-window(n) * Math.sin(angle));
            }
        }
        return Weight.of("stft", basis, 2 * BINS, FFT);
    }

    private static Weight inverseBasis() {
        float[] basis = new float[FFT * 2 * BINS];
        for (int n = 0; n < FFT; n++) {
            for (int k = 0; k < BINS; k++) {
                boolean edge = k == 0 || k == BINS - 1;
                double scale = window(n) / WINDOW_ENERGY / FFT * (edge ? 1 : 2);
                double angle = 2 * Math.PI * k * n / FFT;
                basis[n * 2 * BINS + k] = (float) (scale * Math.cos(angle));
                basis[n * 2 * BINS + BINS + k] = (float) (edge ? 0 : -scale * Math.sin(angle));
            }
        }
        return Weight.of("istft", basis, FFT, 2 * BINS);
    }

    // ---- what it does

    /** Harmonics of the source, the fundamental included. */
    public int harmonics() {
        return source.harmonics();
    }

    /** Hz of each frame of mel (1,F,80). */
    float[] f0(Ops ops, Tensor mel) {
        return f0Predictor.predict(ops, mel);
    }

    /** See {@link HarmonicSource#generate}. */
    void source(
            Ops ops,
            float[] f0,
            HarmonicSource.Phase phase,
            long first,
            NoiseSource noise,
            Taps taps,
            Tensor out) {
        source.generate(ops, f0, phase, first, noise, taps, out);
    }

    /**
     * mel (1,F,80) → waveform (1,1,480 F), within ±0.99, in the caller's frame.
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
        if (mel.rows() <= AT_ONCE + REACH) {
            decode(ops, mel, source, taps, wave);
            return wave;
        }
        for (int from = 0; from < mel.rows(); from += AT_ONCE) {
            int to = Math.min(mel.rows(), from + AT_ONCE);
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
        return wave;
    }

    private void decode(Ops ops, Tensor mel, Tensor source, Taps taps, Tensor wave) {
        int samples = source.rows();
        try (var scope = ops.scope()) {
            int count = samples / HOP + 1;
            Tensor x = ops.tensor(1, count, stages.getLast().up().out());
            try (var inner = ops.scope()) {
                network(ops, mel, spectrum(ops, source, taps), taps, x);
            }
            Tensor y = // (1,N,18)
                    ops.conv1d(x, post, 3, 3, Activation.leakyRelu(LAST_SLOPE), Epilogue.NONE);
            if (taps.on()) {
                Tensor in = ops.tensor(1, count, x.cols());
                ops.activate(x, Activation.leakyRelu(LAST_SLOPE), in);
                taps.tap("post_in", ops, in);
            }
            taps.tap("conv_post", ops, y);
            Tensor overlapped = ops.tensor(1, 1, samples + FFT);
            ops.overlapAdd(ops.linear(polar(ops, y), inverse), HOP, overlapped);
            Tensor middle = overlapped.cols(FFT / 2, FFT / 2 + samples);
            Tensor head = middle.cols(0, HOP);
            ops.mul(head, headGain, head);
            Tensor tail = middle.cols(samples - HOP, samples);
            ops.mul(tail, tailGain, tail);
            ops.clamp(middle, -LIMIT, LIMIT, wave);
        }
    }

    /** Log magnitudes and phases (1,N,18) → real and imaginary parts. */
    private static Tensor polar(Ops ops, Tensor y) {
        Tensor magnitude = y.cols(0, BINS);
        Tensor phase = y.cols(BINS, 2 * BINS);
        ops.activate(magnitude, Activation.EXP, magnitude);
        ops.clamp(magnitude, 0, MAX_MAGNITUDE, magnitude);
        ops.activate(phase, SIN, phase); // the network's own bound on the phase
        Tensor parts = ops.tensor(1, y.rows(), 2 * BINS);
        Tensor real = parts.cols(0, BINS);
        Tensor imaginary = parts.cols(BINS, 2 * BINS);
        ops.activate(phase, COS, real);
        ops.mul(real, magnitude, real);
        ops.activate(phase, SIN, imaginary);
        ops.mul(imaginary, magnitude, imaginary);
        return parts;
    }

    private static final Activation SIN = new Activation(Activation.Kind.SIN, 0, null);
    private static final Activation COS = new Activation(Activation.Kind.COS, 0, null);

    /** source (1,n,1) → (1,N,18): real parts, then imaginary ones, of mirrored-edge frames. */
    private Tensor spectrum(Ops ops, Tensor source, Taps taps) {
        int n = source.rows();
        int half = FFT / 2;
        Tensor padded = ops.tensor(1, 1, n + FFT);
        Tensor line = source.reshape(1, 1, n);
        ops.copy(line, padded.cols(half, half + n));
        for (int i = 1; i <= half; i++) {
            ops.copy(line.cols(i, i + 1), padded.cols(half - i, half - i + 1));
            int right = half + n - 1 + i;
            ops.copy(line.cols(n - 1 - i, n - i), padded.cols(right, right + 1));
        }
        Tensor spectrum = ops.linear(padded.windows(FFT, HOP, n / HOP + 1), forward);
        taps.tap("s_stft", ops, spectrum);
        return spectrum;
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
