package dev.skald.tensor.cpu;

import dev.skald.Precision;
import dev.skald.tensor.CheckedParameters;
import dev.skald.tensor.Conversion;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
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
import org.jspecify.annotations.Nullable;

/**
 * Weights packed for the CPU's kernels, on the heap. Linear maps of {@link Role#STREAMED} are kept
 * in the model's precision; convolutions are rounded to it and kept in fp32.
 */
final class CpuParameters extends CheckedParameters {
    /** What a thread reads weights into: one for all of a model's, not garbage for each. */
    private static final ThreadLocal<float[]> BUFFER = ThreadLocal.withInitial(() -> new float[0]);

    private static final ThreadLocal<short[]> HALVES = ThreadLocal.withInitial(() -> new short[0]);

    /** Values of a transposed weight that are read at once. */
    private static final int TRANSPOSED_BLOCK = 1 << 15;

    private final CpuKernels kernels;
    private final Precision streamed;
    private volatile boolean closed;

    CpuParameters(CpuBackend backend, CpuKernels kernels, Precision streamed) {
        super(backend);
        this.kernels = kernels;
        this.streamed = streamed;
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
    protected Linear pack(Joined maps, Role role) {
        int in = maps.in();
        int out = maps.out();
        PackedMatrix m = PackedMatrix.of(in, out, panel(out), format(role));
        int width = m.isTransposed() ? out : m.width();
        float[] bias = maps.isBiased() ? new float[out] : null;
        int size = Math.multiplyExact(Math.min(width, out), in);
        short[] halves = m.isBf16() ? halves(size) : new short[0];
        float[] panel = m.isBf16() ? new float[0] : buffer(size);
        int j = 0;
        int held = 0;
        for (int i = 0; i < maps.weights().length; i++) {
            Weight w = maps.weights()[i];
            int rows = maps.out(i);
            Weight b = maps.biases()[i];
            if (b != null && bias != null) {
                Conversion.floats(b, 0, bias, j + held, rows);
            }
            for (int r = 0; r < rows; ) {
                int n = Math.min(rows - r, width - held);
                if (m.isBf16()) {
                    Conversion.bf16(w, (long) r * in, halves, held * in, n * in);
                } else {
                    Conversion.floats(w, (long) r * in, panel, held * in, n * in);
                }
                r += n;
                held += n;
                if (held == width || j + held == out) {
                    if (m.isBf16()) {
                        m.columns(j, halves, held);
                    } else {
                        m.columns(j, panel, held);
                    }
                    j += held;
                    held = 0;
                }
            }
        }
        return new CpuLinear(in, out, m, bias);
    }

    @Override
    protected Linear packTransposed(
            Weight weight, @Nullable Weight bias, int in, int out, Role role) {
        PackedMatrix m = PackedMatrix.of(in, out, panel(out), format(role));
        int block = Math.max(1, TRANSPOSED_BLOCK / out);
        int size = Math.multiplyExact(Math.min(block, in), out);
        if (m.isBf16()) {
            short[] halves = halves(size);
            for (int r = 0; r < in; r += block) {
                int n = Math.min(block, in - r);
                Conversion.bf16(weight, (long) r * out, halves, 0, n * out);
                for (int i = 0; i < n; i++) {
                    m.row(r + i, halves, i * out);
                }
            }
            return new CpuLinear(in, out, m, values(bias));
        }
        float[] rows = buffer(size);
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
        return new CpuLinear(in, out, m, values(bias));
    }

    @Override
    protected Conv1d pack(Weight weight, @Nullable Weight bias, Conv1dShape s) {
        int in = s.in();
        int out = s.out();
        int part = s.part();
        int kernel = s.kernel();
        Role role = s.role();
        float[] b = values(bias);
        float[] row = new float[Math.multiplyExact(part, kernel)];
        if (s.isDepthwise()) {
            float[] taps = new float[kernel * out];
            for (int o = 0; o < out; o++) {
                Conversion.floats(weight, (long) o * kernel, row, 0, kernel);
                Rounding.apply(format(role), row, kernel);
                for (int t = 0; t < kernel; t++) {
                    taps[t * out + o] = row[t];
                }
            }
            return conv(s, new PackedMatrix[0], null, taps, b);
        }
        if (s.groups() == 1
                && s.stride() == 1
                && (role == Role.WORKING || role == Role.STREAMED)
                && Winograd.suits(in, out, kernel)) {
            Winograd.Filter filter = Winograd.filter(weight, format(role), panel(out));
            return conv(s, new PackedMatrix[0], filter, null, b);
        }
        int width = out / s.groups();
        PackedMatrix[] packed = new PackedMatrix[s.groups()];
        for (int g = 0; g < packed.length; g++) {
            PackedMatrix m = PackedMatrix.of(row.length, width, panel(width));
            packed[g] = m;
            for (int j = 0; j < width; j++) {
                long from = (long) (g * width + j) * row.length;
                Conversion.floats(weight, from, row, 0, row.length);
                Rounding.apply(format(role), row, row.length);
                m.channelsLast(j, row, part, kernel);
            }
        }
        return conv(s, packed, null, null, b);
    }

    private static CpuConv1d conv(
            Conv1dShape s,
            PackedMatrix[] groups,
            Winograd.@Nullable Filter filter,
            float @Nullable [] taps,
            float @Nullable [] bias) {
        return new CpuConv1d(
                s.in(), s.out(), s.kernel(), s.stride(), s.dilation(), groups, filter, taps, bias);
    }

    @Override
    protected ConvTranspose1d pack(Weight weight, @Nullable Weight bias, ConvTranspose1dShape s) {
        int in = s.in();
        int out = s.out();
        int kernel = s.kernel();
        int stride = s.stride();
        // Output row u * stride + f gets tap f of input row u, tap f + stride of the one before ...
        int taps = Math.ceilDiv(kernel, stride);
        int wide = Math.multiplyExact(out, stride);
        float[] steps = new float[Math.multiplyExact(Math.multiplyExact(wide, in), taps)];
        // A row's scale for INT8 is its input channel's: the rounding is of the row as it lies.
        float[] row = new float[Math.multiplyExact(out, kernel)];
        for (int c = 0; c < in; c++) {
            Conversion.floats(weight, (long) c * row.length, row, 0, row.length);
            Rounding.apply(format(s.role()), row, row.length);
            Packing.steps(row, out, kernel, stride, taps, in, steps, c);
        }
        Weight biases = null;
        if (bias != null) {
            float[] one = bias.floats();
            float[] repeated = new float[wide];
            for (int f = 0; f < stride; f++) {
                System.arraycopy(one, 0, repeated, f * out, out);
            }
            biases = Weight.of(bias.name(), repeated, wide);
        }
        Role role = s.role() == Role.STREAMED ? Role.WORKING : s.role();
        Conv1d conv =
                pack(
                        Weight.of(weight.name(), steps, wide, in, taps),
                        biases,
                        new Conv1dShape(wide, in, taps, 1, 1, 1, role));
        return new CpuConvTranspose1d(in, out, kernel, stride, s.padding(), (CpuConv1d) conv);
    }

    @Override
    protected Conv2d pack(Weight weight, @Nullable Weight bias, Conv2dShape s) {
        float[] row = new float[Math.multiplyExact(s.in(), s.area())];
        PackedMatrix m = PackedMatrix.of(row.length, s.out(), panel(s.out()));
        for (int o = 0; o < s.out(); o++) {
            Conversion.floats(weight, (long) o * row.length, row, 0, row.length);
            m.channelsLast(o, row, s.in(), s.area());
        }
        Im2col windows =
                new Im2col(
                        s.in(),
                        s.kernelH(),
                        s.kernelW(),
                        s.strideH(),
                        s.strideW(),
                        s.paddingH(),
                        s.paddingW());
        return new CpuConv2d(s.out(), windows, m, values(bias));
    }

    @Override
    protected Lstm pack(Weight input, Weight hidden, Weight bias, int size) {
        CpuLinear recurrent = (CpuLinear) linear(hidden, null, Role.WORKING);
        return new CpuLstm((CpuLinear) linear(input, bias, Role.WORKING), recurrent.matrix(), size);
    }

    @Override
    protected Embedding packTable(Weight weight, int entries, int dim) {
        return new CpuEmbedding(entries, dim, weight.floats());
    }

    @Override
    protected Tensor pack(float[] values, int rows, int cols) {
        return CpuTensor.dense(values, 0, 1, rows, cols);
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

    private static short[] halves(int size) {
        short[] known = HALVES.get();
        if (known.length < size) {
            known = new short[size];
            HALVES.set(known);
        }
        return known;
    }

    private int panel(int n) {
        return n <= PackedMatrix.NARROW ? PackedMatrix.TRANSPOSED : kernels.gemm().panel();
    }

    private static float @Nullable [] values(@Nullable Weight w) {
        return w == null ? null : w.floats();
    }
}
