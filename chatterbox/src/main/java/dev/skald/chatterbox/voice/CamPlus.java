package dev.skald.chatterbox.voice;

import dev.skald.audio.spectrum.KaldiFbank;
import dev.skald.audio.spectrum.Spectrogram;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Conv2d;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
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
            Tensor gain, Tensor shift, Linear narrow, Conv1d local, Linear squeeze, Linear mask) {}

    private record DenseBlock(
            int in, List<Dense> layers, Tensor gain, Tensor shift, Linear transit) {
        int growth() {
            return layers.getFirst().local().out();
        }

        int width() {
            return in + layers.size() * growth();
        }
    }

    private final Conv2d headIn;
    private final List<Residual> residuals;
    private final Conv2d headOut;
    private final Conv1d tdnn;
    private final List<DenseBlock> blocks;
    private final Tensor outGain;
    private final Tensor outShift;
    private final Linear dense;
    private final KaldiFbank fbank = new KaldiFbank(SAMPLE_RATE, BANDS);

    private CamPlus(
            Conv2d headIn,
            List<Residual> residuals,
            Conv2d headOut,
            Conv1d tdnn,
            List<DenseBlock> blocks,
            Tensor outGain,
            Tensor outShift,
            Linear dense) {
        this.headIn = headIn;
        this.residuals = List.copyOf(residuals);
        this.headOut = headOut;
        this.tdnn = tdnn;
        this.blocks = List.copyOf(blocks);
        this.outGain = outGain;
        this.outShift = outShift;
        this.dense = dense;
    }

    /** Loads the weights under {@code speaker_encoder.} of {@code s3gen.safetensors}. */
    public static CamPlus load(Weights w, Parameters parameters) {
        int c = w.get("head.conv1.weight", -1, 1, 3, 3).shape()[0];
        List<Residual> residuals = new ArrayList<>();
        for (int layer = 1; w.has("head.layer" + layer + ".0.conv1.weight"); layer++) {
            for (int i = 0; w.has("head.layer" + layer + "." + i + ".conv1.weight"); i++) {
                residuals.add(
                        residual(w.under("head.layer" + layer + "." + i + "."), parameters, c, i));
            }
        }
        int width = w.get("xvector.tdnn.linear.weight", -1, c * BANDS / 8, 5).shape()[0];
        BatchNorm tdnnNorm = BatchNorm.load(w.under("xvector.tdnn.nonlinear.batchnorm."), width);
        Conv1d tdnn =
                parameters.conv1d(
                        tdnnNorm.fold(bandsFirst(w.get("xvector.tdnn.linear.weight"), c)),
                        tdnnNorm.bias("xvector.tdnn bias"),
                        2,
                        1,
                        1,
                        Role.WORKING);
        List<DenseBlock> blocks = new ArrayList<>();
        for (int b = 1; b <= DILATIONS.length; b++) {
            DenseBlock block = block(w, parameters, b, width);
            blocks.add(block);
            width = block.transit().out();
        }
        BatchNorm outNorm = BatchNorm.load(w.under("xvector.out_nonlinear.batchnorm."), width);
        int dim = w.get("xvector.dense.linear.weight", -1, 2 * width, 1).shape()[0];
        BatchNorm denseNorm = BatchNorm.load(w.under("xvector.dense.nonlinear.batchnorm."), dim);
        return new CamPlus(
                conv2d(w, parameters, "head.conv1", "head.bn1", 1, c, 3, 1),
                residuals,
                conv2d(w, parameters, "head.conv2", "head.bn2", c, c, 3, 2),
                tdnn,
                blocks,
                outNorm.gain(parameters),
                outNorm.shift(parameters),
                parameters.linear(
                        denseNorm.fold(pointwise(w.get("xvector.dense.linear.weight"))),
                        denseNorm.bias("xvector.dense bias"),
                        Role.WORKING));
    }

    private static Residual residual(Weights w, Parameters parameters, int c, int index) {
        int stride = index == 0 ? 2 : 1;
        return new Residual(
                conv2d(w, parameters, "conv1", "bn1", c, c, 3, stride),
                conv2d(w, parameters, "conv2", "bn2", c, c, 3, 1),
                w.has("shortcut.0.weight")
                        ? conv2d(w, parameters, "shortcut.0", "shortcut.1", c, c, 1, stride)
                        : null);
    }

    private static Conv2d conv2d(
            Weights w,
            Parameters parameters,
            String conv,
            String norm,
            int in,
            int out,
            int kernel,
            int stride) {
        BatchNorm bn = BatchNorm.load(w.under(norm + "."), out);
        Weight weight = w.get(conv + ".weight", out, in, kernel, kernel);
        return parameters.conv2d(
                bn.fold(weight), bn.bias(norm + " bias"), stride, 1, kernel / 2, kernel / 2);
    }

    private static DenseBlock block(Weights w, Parameters parameters, int number, int in) {
        String name = "xvector.block" + number + ".tdnnd";
        List<Dense> layers = new ArrayList<>();
        int width = in;
        for (int i = 1; i == 1 || w.has(name + i + ".linear1.weight"); i++) {
            Weights l = w.under(name + i + ".");
            int narrow = l.get("linear1.weight", -1, width, 1).shape()[0];
            int growth = l.get("cam_layer.linear_local.weight", -1, narrow, 3).shape()[0];
            int squeezed = l.get("cam_layer.linear1.weight", -1, narrow, 1).shape()[0];
            BatchNorm before = BatchNorm.load(l.under("nonlinear1.batchnorm."), width);
            BatchNorm after = BatchNorm.load(l.under("nonlinear2.batchnorm."), narrow);
            layers.add(
                    new Dense(
                            before.gain(parameters),
                            before.shift(parameters),
                            parameters.linear(
                                    after.fold(pointwise(l.get("linear1.weight"))),
                                    after.bias("linear1 bias"),
                                    Role.WORKING),
                            parameters.conv1d(
                                    l.get("cam_layer.linear_local.weight"),
                                    null,
                                    1,
                                    DILATIONS[number - 1],
                                    1,
                                    Role.WORKING),
                            parameters.linear(
                                    pointwise(l.get("cam_layer.linear1.weight")),
                                    l.get("cam_layer.linear1.bias", squeezed),
                                    Role.WORKING),
                            parameters.linear(
                                    pointwise(
                                            l.get("cam_layer.linear2.weight", growth, squeezed, 1)),
                                    l.get("cam_layer.linear2.bias", growth),
                                    Role.WORKING)));
            width += growth;
        }
        String transit = "xvector.transit" + number;
        BatchNorm norm = BatchNorm.load(w.under(transit + ".nonlinear.batchnorm."), width);
        return new DenseBlock(
                in,
                List.copyOf(layers),
                norm.gain(parameters),
                norm.shift(parameters),
                parameters.linear(
                        pointwise(w.get(transit + ".linear.weight", -1, width, 1)),
                        null,
                        Role.WORKING));
    }

    /** A convolution of kernel 1 as a linear map. */
    private static Weight pointwise(Weight weight) {
        int[] shape = weight.shape();
        return weight.reshaped(shape[0], shape[1]);
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
            x = head(ops, x); // (1,T,H*C)
            if (taps.on()) {
                taps.tap("head", channelsFirst(ops.read(x), x.cols()), 1, frames, x.cols());
            }
            x = ops.conv1d(x, tdnn, 2, 2, Epilogue.of(Activation.RELU)); // (1,T/2,C)
            taps.tap("tdnn", ops, x);
            for (int i = 0; i < blocks.size(); i++) {
                DenseBlock block = blocks.get(i);
                Tensor wide = dense(ops, x, block);
                taps.tap("block" + (i + 1), ops, wide);
                ops.affine(wide, block.gain(), block.shift(), Activation.RELU, wide);
                x = ops.linear(wide, block.transit());
                taps.tap("transit" + (i + 1), ops, x);
            }
            ops.affine(x, outGain, outShift, Activation.RELU, x);
            Tensor stats = ops.tensor(1, 1, 2 * x.cols());
            ops.meanStdRows(x, stats);
            taps.tap("stats", ops, stats);
            return ops.read(ops.linear(stats, dense));
        }
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
        Tensor wide = ops.tensor(1, frames, block.width());
        ops.copy(x, wide.cols(0, block.in()));
        int width = block.in();
        for (Dense layer : block.layers()) {
            try (var scope = ops.scope()) {
                Tensor norm = ops.tensor(1, frames, width);
                ops.affine(wide.cols(0, width), layer.gain(), layer.shift(), Activation.RELU, norm);
                Tensor h = ops.linear(norm, layer.narrow(), Epilogue.of(Activation.RELU));
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
                int reach = layer.local().dilation() * (layer.local().kernel() - 1) / 2;
                ops.conv1d(h, layer.local(), reach, reach, Activation.NONE, Epilogue.NONE, added);
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
