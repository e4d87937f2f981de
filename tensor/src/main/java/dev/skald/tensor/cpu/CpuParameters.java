package dev.skald.tensor.cpu;

import dev.skald.Precision;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Conversion;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.cpu.PackedWeights.CpuConv1d;
import dev.skald.tensor.cpu.PackedWeights.CpuConv2d;
import dev.skald.tensor.cpu.PackedWeights.CpuConvTranspose1d;
import dev.skald.tensor.cpu.PackedWeights.CpuEmbedding;
import dev.skald.tensor.cpu.PackedWeights.CpuLinear;
import dev.skald.tensor.cpu.PackedWeights.CpuLstm;
import dev.skald.tensor.cpu.conv.Im2col;
import dev.skald.tensor.cpu.conv.Winograd;
import dev.skald.tensor.cpu.gemm.Format;
import dev.skald.tensor.cpu.gemm.PackedMatrix;
import dev.skald.tensor.cpu.gemm.Packing;
import dev.skald.tensor.cpu.gemm.Quantized;
import dev.skald.tensor.cpu.gemm.Rounding;
import dev.skald.tensor.cpu.memory.CpuTensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Weights packed for the CPU's kernels, on the heap. Linear maps of {@link Role#STREAMED} are kept
 * in the model's precision; convolutions are rounded to it and kept in fp32.
 */
final class CpuParameters implements Parameters {
    /** What a thread reads weights into: one for all of a model's, not garbage for each. */
    private static final ThreadLocal<float[]> BUFFER = ThreadLocal.withInitial(() -> new float[0]);

    /** Values of a transposed weight that are read at once. */
    private static final int TRANSPOSED_BLOCK = 1 << 15;

    private final CpuBackend backend;
    private final CpuKernels kernels;
    private final Precision streamed;
    private volatile boolean closed;

    CpuParameters(CpuBackend backend, CpuKernels kernels, Precision streamed) {
        this.backend = backend;
        this.kernels = kernels;
        this.streamed = streamed;
    }

    @Override
    public Backend backend() {
        return backend;
    }

    @Override
    public Precision streamed() {
        return streamed;
    }

    private Format format(Role role) {
        if (closed) {
            throw new IllegalStateException("these parameters are closed");
        }
        if (role != Role.STREAMED) {
            return Format.F32;
        }
        return switch (streamed) {
            case AUTO, FP32 -> Format.F32;
            case BF16 -> Format.BF16;
            case INT8 -> Format.INT8;
        };
    }

    @Override
    public Linear linear(Weight weight, @Nullable Weight bias, Role role) {
        return linear(new Weight[] {weight}, new @Nullable Weight[] {bias}, role);
    }

    @Override
    public Linear linear(Weight[] weights, @Nullable Weight @Nullable [] biases, Role role) {
        int in = dims(weights[0], 2)[1];
        int out = 0;
        for (Weight w : weights) {
            require(w, w.shape().length == 2 && w.shape()[1] == in, "(out, " + in + ")");
            out = Math.addExact(out, w.shape()[0]);
        }
        PackedMatrix m = PackedMatrix.of(in, out, panel(out), format(role));
        int width = m.isTransposed() ? out : m.width();
        float[] all = null;
        float[] panel = buffer(Math.multiplyExact(Math.min(width, out), in));
        int j = 0;
        int held = 0;
        for (int i = 0; i < weights.length; i++) {
            Weight w = weights[i];
            int rows = w.shape()[0];
            Weight b = biases == null ? null : biases[i];
            if (b != null) {
                all = all == null ? new float[out] : all;
                System.arraycopy(vector(b, rows), 0, all, j + held, rows);
            }
            for (int r = 0; r < rows; ) {
                int n = Math.min(rows - r, width - held);
                Conversion.floats(w, (long) r * in, panel, held * in, n * in);
                r += n;
                held += n;
                if (held == width || j + held == out) {
                    m.columns(j, panel, held);
                    j += held;
                    held = 0;
                }
            }
        }
        return new CpuLinear(in, out, m, all);
    }

    @Override
    public Linear linearTransposed(Weight weight, @Nullable Weight bias, Role role) {
        int in = dims(weight, 2)[0];
        int out = weight.shape()[1];
        PackedMatrix m = PackedMatrix.of(in, out, panel(out), format(role));
        float[] b = bias == null ? null : vector(bias, out);
        int block = Math.max(1, TRANSPOSED_BLOCK / out);
        float[] rows = buffer(Math.multiplyExact(Math.min(block, in), out));
        Quantized quantized = m.quantized();
        float[] scales = quantized == null ? null : quantized.scales();
        if (scales != null) {
            for (int r = 0; r < in; r += block) {
                int n = Math.min(block, in - r);
                Conversion.floats(weight, (long) r * out, rows, 0, n * out);
                for (int i = 0; i < n; i++) {
                    Packing.largest(rows, i * out, scales, out);
                }
            }
            for (int c = 0; c < out; c++) {
                scales[c] /= 127;
            }
        }
        for (int r = 0; r < in; r += block) {
            int n = Math.min(block, in - r);
            Conversion.floats(weight, (long) r * out, rows, 0, n * out);
            for (int i = 0; i < n; i++) {
                m.row(r + i, rows, i * out);
            }
        }
        return new CpuLinear(in, out, m, b);
    }

    @Override
    public Conv1d conv1d(
            Weight weight, @Nullable Weight bias, int stride, int dilation, int groups, Role role) {
        int[] d = dims(weight, 3);
        int out = d[0];
        int part = d[1];
        int kernel = d[2];
        if (stride < 1 || dilation < 1 || groups < 1 || out % groups != 0) {
            throw new WeightException(
                    "tensor '"
                            + weight.name()
                            + "' cannot be a convolution of stride "
                            + stride
                            + ", dilation "
                            + dilation
                            + ", "
                            + groups
                            + " groups");
        }
        int in = Math.multiplyExact(part, groups);
        float[] b = bias == null ? null : vector(bias, out);
        float[] row = new float[Math.multiplyExact(part, kernel)];
        if (part == 1 && out == groups && groups > 1) {
            float[] taps = new float[kernel * out];
            for (int o = 0; o < out; o++) {
                Conversion.floats(weight, (long) o * kernel, row, 0, kernel);
                Rounding.apply(format(role), row, kernel);
                for (int t = 0; t < kernel; t++) {
                    taps[t * out + o] = row[t];
                }
            }
            return new CpuConv1d(
                    in, out, kernel, stride, dilation, new PackedMatrix[0], null, taps, b);
        }
        if (groups == 1
                && stride == 1
                && (role == Role.WORKING || role == Role.STREAMED)
                && Winograd.suits(in, out, kernel)) {
            Winograd.Filter filter = Winograd.filter(weight, format(role), panel(out));
            return new CpuConv1d(
                    in, out, kernel, 1, dilation, new PackedMatrix[0], filter, null, b);
        }
        int width = out / groups;
        PackedMatrix[] packed = new PackedMatrix[groups];
        for (int g = 0; g < groups; g++) {
            PackedMatrix m = PackedMatrix.of(row.length, width, panel(width));
            packed[g] = m;
            for (int j = 0; j < width; j++) {
                Conversion.floats(weight, (long) (g * width + j) * row.length, row, 0, row.length);
                Rounding.apply(format(role), row, row.length);
                m.channelsLast(j, row, part, kernel);
            }
        }
        return new CpuConv1d(in, out, kernel, stride, dilation, packed, null, null, b);
    }

    @Override
    public ConvTranspose1d convTranspose1d(
            Weight weight, @Nullable Weight bias, int stride, int padding, Role role) {
        int[] d = dims(weight, 3);
        int in = d[0];
        int out = d[1];
        int kernel = d[2];
        if (stride < 1 || padding < 0) {
            throw new WeightException(
                    "tensor '"
                            + weight.name()
                            + "' cannot be a transposed convolution of stride "
                            + stride
                            + ", padding "
                            + padding);
        }
        // Output row u * stride + f gets tap f of input row u, tap f + stride of the one before ...
        int taps = Math.ceilDiv(kernel, stride);
        int wide = Math.multiplyExact(out, stride);
        float[] steps = new float[Math.multiplyExact(Math.multiplyExact(wide, in), taps)];
        // A row's scale for INT8 is its input channel's: the rounding is of the row as it lies.
        float[] row = new float[Math.multiplyExact(out, kernel)];
        for (int c = 0; c < in; c++) {
            Conversion.floats(weight, (long) c * row.length, row, 0, row.length);
            Rounding.apply(format(role), row, row.length);
            Packing.steps(row, out, kernel, stride, taps, in, steps, c);
        }
        float[] biases = null;
        if (bias != null) {
            float[] b = vector(bias, out);
            biases = new float[wide];
            for (int f = 0; f < stride; f++) {
                System.arraycopy(b, 0, biases, f * out, out);
            }
        }
        CpuConv1d conv =
                (CpuConv1d)
                        conv1d(
                                Weight.of(weight.name(), steps, wide, in, taps),
                                biases == null ? null : Weight.of(weight.name(), biases, wide),
                                1,
                                1,
                                1,
                                role == Role.STREAMED ? Role.WORKING : role);
        return new CpuConvTranspose1d(in, out, kernel, stride, padding, conv);
    }

    @Override
    public Conv2d conv2d(
            Weight weight,
            @Nullable Weight bias,
            int strideH,
            int strideW,
            int paddingH,
            int paddingW) {
        int[] d = dims(weight, 4);
        int out = d[0];
        int in = d[1];
        int kh = d[2];
        int kw = d[3];
        if (strideH < 1 || strideW < 1 || paddingH < 0 || paddingW < 0) {
            throw new WeightException(
                    "tensor '" + weight.name() + "' has a stride below 1 or a negative padding");
        }
        int area = Math.multiplyExact(kh, kw);
        float[] row = new float[Math.multiplyExact(in, area)];
        PackedMatrix m = PackedMatrix.of(row.length, out, panel(out));
        for (int o = 0; o < out; o++) {
            Conversion.floats(weight, (long) o * row.length, row, 0, row.length);
            m.channelsLast(o, row, in, area);
        }
        float[] b = bias == null ? null : vector(bias, out);
        return new CpuConv2d(
                out, new Im2col(in, kh, kw, strideH, strideW, paddingH, paddingW), m, b);
    }

    @Override
    public Lstm lstm(
            Weight inputWeight,
            Weight hiddenWeight,
            @Nullable Weight bias1,
            @Nullable Weight bias2) {
        int hidden = dims(hiddenWeight, 2)[1];
        require(hiddenWeight, hiddenWeight.shape()[0] == 4 * hidden, "(4H, H)");
        require(inputWeight, dims(inputWeight, 2)[0] == 4 * hidden, "(" + 4 * hidden + ", in)");
        CpuLinear input = (CpuLinear) linear(inputWeight, bias1, Role.WORKING);
        CpuLinear recurrent = (CpuLinear) linear(hiddenWeight, null, Role.WORKING);
        float[] bias = input.bias() == null ? new float[4 * hidden] : input.bias();
        if (bias2 != null) {
            float[] more = vector(bias2, 4 * hidden);
            for (int i = 0; i < bias.length; i++) {
                bias[i] += more[i];
            }
        }
        return new CpuLstm(
                new CpuLinear(input.in(), input.out(), input.matrix(), bias),
                recurrent.matrix(),
                hidden);
    }

    @Override
    public Embedding embedding(Weight weight) {
        int[] d = dims(weight, 2);
        return new CpuEmbedding(d[0], d[1], weight.floats());
    }

    @Override
    public Tensor constant(float[] values, int rows, int cols) {
        if ((long) rows * cols != values.length) {
            throw new IllegalArgumentException(
                    values.length + " values for " + rows + " rows of " + cols);
        }
        return CpuTensor.dense(values.clone(), 0, 1, rows, cols);
    }

    @Override
    public Tensor vector(Weight weight) {
        float[] values = weight.floats();
        return CpuTensor.dense(values, 0, 1, 1, values.length);
    }

    /** The collector frees the arrays once the model that holds the handles is gone. */
    @Override
    public void close() {
        closed = true;
    }

    private static float[] buffer(int size) {
        float[] known = BUFFER.get();
        if (known.length < size) {
            known = new float[size];
            BUFFER.set(known);
        }
        return known;
    }

    private int panel(int n) {
        return n <= PackedMatrix.NARROW ? PackedMatrix.TRANSPOSED : kernels.gemm().panel();
    }

    private static float[] vector(Weight w, int length) {
        require(w, w.size() == length, "(" + length + ")");
        return w.floats();
    }

    private static int[] dims(Weight w, int count) {
        int[] d = w.shape();
        boolean ok = d.length == count;
        for (int i = 0; ok && i < count; i++) {
            ok = d[i] > 0;
        }
        require(w, ok, count + " dimensions, none of them empty");
        return d;
    }

    private static void require(Weight w, boolean ok, String expected) {
        if (!ok) {
            throw new WeightException(
                    "tensor '"
                            + w.name()
                            + "' has shape "
                            + Arrays.toString(w.shape())
                            + " where "
                            + expected
                            + " is expected");
        }
    }
}
