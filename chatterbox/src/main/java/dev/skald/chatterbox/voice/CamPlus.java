package dev.skald.chatterbox.voice;

import dev.skald.audio.spectrum.KaldiFbank;
import dev.skald.audio.spectrum.Spectrogram;
import dev.skald.nn.BatchNorm;
import dev.skald.nn.Conv;
import dev.skald.nn.Conv1d;
import dev.skald.nn.Loader;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Conv2d;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.Weights;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * CAM++ (Wang et al. 2023): the x-vector of a voice, from Kaldi filterbank features through a 2-D
 * convolution head, densely connected time-delay layers with context-aware masking, and statistics
 * over time. Follows {@code models/s3gen/xvector.py} of resemble-ai/chatterbox.
 *
 * <p>Legend: T frames (100 a second), H bands of the image (height), C channels.
 */
public final class CamPlus {
    public static final int SAMPLE_RATE = 16_000;

    private static final int BANDS = 80;
    private static final int SEGMENT = 100;
    private static final int SHORTEST = 3;
    private static final int[] DILATIONS = {1, 2, 2};

    /** Two 3x3 convolutions around a shortcut; the first may halve the bands. */
    private record Residual(Conv2d first, Conv2d second, @Nullable Conv2d shortcut) {}

    private record Dense(
            BatchNorm.Layer norm, Linear linear1, Conv1d local, Linear squeeze, Linear mask) {}

    private record DenseBlock(int in, List<Dense> layers, BatchNorm.Layer norm, Linear transit) {
        int growth() {
            return layers.getFirst().local().out();
        }

        int out() {
            return in + layers.size() * growth();
        }
    }

    private final Conv2d headIn;
    private final List<Residual> residuals = new ArrayList<>();
    private final Conv2d headOut;
    private final Conv1d tdnn;
    private final List<DenseBlock> blocks = new ArrayList<>();
    private final BatchNorm.Layer outNorm;
    private final Linear dense;
    private final KaldiFbank fbank = new KaldiFbank(SAMPLE_RATE, BANDS);

    private CamPlus(Loader load) {
        Loader head = load.under("head");
        int c = head.size("conv1.weight", -1, 1, 3, 3);
        headIn = head.conv2dNorm("conv1", "bn1", 1, c, 3, 1);
        for (int layer = 1; head.has("layer" + layer + ".0.conv1.weight"); layer++) {
            for (int i = 0; head.has("layer" + layer + "." + i + ".conv1.weight"); i++) {
                residuals.add(residual(head.under("layer" + layer, i), c, i == 0 ? 2 : 1));
            }
        }
        headOut = head.conv2dNorm("conv2", "bn2", c, c, 3, 2);
        Loader x = load.under("xvector");
        tdnn =
                x.edited("tdnn.linear.weight", w -> bandsFirst(w, c))
                        .conv1dNorm(
                                "tdnn.linear",
                                "tdnn.nonlinear.batchnorm",
                                c * BANDS / 8,
                                -1,
                                Conv.padded(5, 2, 2).stride(2));
        int channels = tdnn.out();
        for (int b = 1; b <= DILATIONS.length; b++) {
            blocks.add(block(x, b, channels));
            channels = blocks.getLast().transit().out();
        }
        outNorm = x.batchNorm("out_nonlinear.batchnorm", channels);
        dense = x.linearNorm("dense.linear", "dense.nonlinear.batchnorm", 2 * channels, -1);
    }

    /** Loads the weights under {@code speaker_encoder.} of {@code s3gen.safetensors}. */
    public static CamPlus load(Weights w, Parameters parameters) {
        return new CamPlus(Loader.of(w, parameters));
    }

    private static Residual residual(Loader load, int c, int stride) {
        return new Residual(
                load.conv2dNorm("conv1", "bn1", c, c, 3, stride),
                load.conv2dNorm("conv2", "bn2", c, c, 3, 1),
                load.has("shortcut.0.weight")
                        ? load.conv2dNorm("shortcut.0", "shortcut.1", c, c, 1, stride)
                        : null);
    }

    private static DenseBlock block(Loader load, int number, int in) {
        List<Dense> layers = new ArrayList<>();
        int width = in;
        String layer = "block" + number + ".tdnnd";
        for (int i = 1; i == 1 || load.has(layer + i + ".linear1.weight"); i++) {
            layers.add(dense(load.under(layer + i), width, DILATIONS[number - 1]));
            width += layers.getLast().local().out();
        }
        Loader transit = load.under("transit" + number);
        return new DenseBlock(
                in,
                List.copyOf(layers),
                transit.batchNorm("nonlinear.batchnorm", width),
                transit.linearNoBias("linear", width, -1));
    }

    private static Dense dense(Loader load, int in, int dilation) {
        Linear linear1 = load.linearNorm("linear1", "nonlinear2.batchnorm", in, -1);
        int narrow = linear1.out();
        Conv how = Conv.same(3).dilation(dilation).noBias();
        Conv1d local = load.conv1d("cam_layer.linear_local", narrow, -1, how);
        Linear squeeze = load.linear("cam_layer.linear1", narrow, -1);
        return new Dense(
                load.batchNorm("nonlinear1.batchnorm", in),
                linear1,
                local,
                squeeze,
                load.linear("cam_layer.linear2", squeeze.out(), local.out()));
    }

    /** (out, c * H, k) with channels outermost → (out, H * c, k) with bands outermost. */
    private static Weight bandsFirst(Weight weight, int c) {
        int[] shape = weight.shape();
        float[] from = weight.floats();
        float[] to = new float[from.length];
        int k = shape[2];
        int h = shape[1] / c;
        for (int o = 0; o < shape[0]; o++) {
            for (int channel = 0; channel < c; channel++) {
                for (int band = 0; band < h; band++) {
                    System.arraycopy(
                            from,
                            (o * shape[1] + channel * h + band) * k,
                            to,
                            (o * shape[1] + band * c + channel) * k,
                            k);
                }
            }
        }
        return Weight.of(weight.name(), to, shape);
    }

    /** How long an x-vector is. */
    public int dim() {
        return dense.out();
    }

    /** The x-vector of one 16 kHz clip, not normalised. */
    public float[] xvector(Ops ops, float[] clip) {
        return xvectors(ops, List.of(clip), Taps.NONE).getFirst();
    }

    /**
     * The x-vectors of several 16 kHz clips. Features of shorter ones are followed by zeros up to
     * the longest, which changes their x-vectors: so does the official code.
     */
    List<float[]> xvectors(Ops ops, List<float[]> clips, Taps taps) {
        List<Spectrogram> banks = clips.stream().map(fbank::apply).toList();
        int longest = banks.stream().mapToInt(Spectrogram::frames).max().orElse(0);
        List<float[]> found = new ArrayList<>();
        for (Spectrogram bank : banks) {
            found.add(xvector(ops, bank, longest, taps));
        }
        return found;
    }

    private float[] xvector(Ops ops, Spectrogram bank, int frames, Taps taps) {
        if (bank.frames() < SHORTEST) {
            throw new IllegalArgumentException(
                    "a clip of " + bank.frames() + " frames of 10 ms is too short for an x-vector");
        }
        float[] image = new float[BANDS * frames]; // (H,T)
        float[] features = new float[taps.on() ? image.length : 0]; // (T,H)
        for (int band = 0; band < BANDS; band++) {
            double mean = 0;
            for (int t = 0; t < bank.frames(); t++) {
                mean += bank.at(t, band);
            }
            mean /= bank.frames();
            for (int t = 0; t < bank.frames(); t++) {
                image[band * frames + t] = (float) (bank.at(t, band) - mean);
                if (taps.on()) {
                    features[t * BANDS + band] = image[band * frames + t];
                }
            }
        }
        taps.tap("fbank", features, 1, frames, BANDS);
        try (var scope = ops.scope()) {
            Tensor x = ops.tensor(BANDS, frames, 1); // (H,T,1)
            ops.write(image, 0, x);
            return ops.read(forward(ops, x, taps));
        }
    }

    /** Mean-free features (H,T,1) → x-vector (1,1,D), in the caller's scope. */
    Tensor forward(Ops ops, Tensor image, Taps taps) {
        Tensor xvector = ops.tensor(1, 1, dim());
        try (var scope = ops.scope()) {
            Tensor x = head(ops, image); // (1,T,H*C)
            if (taps.on()) {
                taps.tap("head", channelsFirst(ops.read(x), x.cols()), 1, x.rows(), x.cols());
            }
            x = tdnn.forward(ops, x, Epilogue.of(Activation.RELU)); // (1,T/2,C)
            taps.tap("tdnn", ops, x);
            for (int i = 0; i < blocks.size(); i++) {
                DenseBlock block = blocks.get(i);
                Tensor wide = dense(ops, x, block);
                taps.tap("block" + (i + 1), ops, wide);
                block.norm().forward(ops, wide, Activation.RELU, wide);
                x = ops.linear(wide, block.transit());
                taps.tap("transit" + (i + 1), ops, x);
            }
            outNorm.forward(ops, x, Activation.RELU, x);
            Tensor stats = ops.tensor(1, 1, 2 * x.cols());
            ops.meanStdRows(x, stats);
            taps.tap("stats", ops, stats);
            ops.linear(stats, dense, Epilogue.NONE, xvector);
        }
        return xvector;
    }

    /** Columns with bands outermost → with channels outermost, as the official code has them. */
    private static float[] channelsFirst(float[] rows, int cols) {
        int bands = BANDS / 8;
        int c = cols / bands;
        float[] out = new float[rows.length];
        for (int i = 0; i < rows.length; i++) {
            int col = i % cols;
            out[i - col + col % c * bands + col / c] = rows[i];
        }
        return out;
    }

    /** (80,T,1) → (1,T,10*C): the residual network over bands and time. */
    private Tensor head(Ops ops, Tensor image) {
        Epilogue relu = Epilogue.of(Activation.RELU);
        Tensor x = ops.conv2d(image, headIn, relu); // (80,T,C)
        for (Residual r : residuals) {
            Tensor h = ops.conv2d(x, r.first(), relu); // (H/2,T,C) or (H,T,C)
            Tensor side = r.shortcut() == null ? x : ops.conv2d(x, r.shortcut(), Epilogue.NONE);
            x = ops.conv2d(h, r.second(), Epilogue.plus(side));
            ops.activate(x, Activation.RELU, x);
        }
        x = ops.conv2d(x, headOut, relu); // (10,T,C)
        int c = x.cols();
        Tensor flat = ops.tensor(1, x.rows(), x.batch() * c);
        for (int band = 0; band < x.batch(); band++) {
            ops.copy(x.batch(band), flat.cols(band * c, (band + 1) * c));
        }
        return flat;
    }

    /** Each layer sees what came in and all that the layers before it added: (1,T,width). */
    private static Tensor dense(Ops ops, Tensor x, DenseBlock block) {
        int frames = x.rows();
        int segments = (frames + SEGMENT - 1) / SEGMENT;
        Tensor wide = ops.tensor(1, frames, block.out());
        ops.copy(x, wide.cols(0, block.in()));
        int width = block.in();
        for (Dense layer : block.layers()) {
            try (var scope = ops.scope()) {
                Tensor norm = ops.tensor(1, frames, width);
                layer.norm().forward(ops, wide.cols(0, width), Activation.RELU, norm);
                Tensor h = ops.linear(norm, layer.linear1(), Epilogue.of(Activation.RELU));
                Tensor all = ops.tensor(1, 1, h.cols());
                ops.meanRows(h, all);
                Tensor context = ops.tensor(1, segments, h.cols());
                for (int s = 0; s < segments; s++) {
                    ops.meanRows(segment(h, s), context.rows(s, s + 1));
                }
                ops.add(context, all, context);
                Tensor mask =
                        ops.linear(
                                ops.linear(context, layer.squeeze(), Epilogue.of(Activation.RELU)),
                                layer.mask(),
                                Epilogue.of(Activation.SIGMOID)); // (1,S,growth)
                Tensor added = wide.cols(width, width + block.growth());
                layer.local().forward(ops, h, Epilogue.NONE, added);
                for (int s = 0; s < segments; s++) {
                    Tensor part = segment(added, s);
                    ops.mul(part, mask.rows(s, s + 1), part);
                }
            }
            width += block.growth();
        }
        return wide;
    }

    private static Tensor segment(Tensor x, int index) {
        return x.rows(index * SEGMENT, Math.min(x.rows(), (index + 1) * SEGMENT));
    }
}
