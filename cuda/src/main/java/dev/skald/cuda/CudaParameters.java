package dev.skald.cuda;

import dev.skald.Precision;
import dev.skald.cuda.CudaWeights.CudaConv1d;
import dev.skald.cuda.CudaWeights.CudaConv2d;
import dev.skald.cuda.CudaWeights.CudaConvTranspose1d;
import dev.skald.cuda.CudaWeights.CudaEmbedding;
import dev.skald.cuda.CudaWeights.CudaLinear;
import dev.skald.cuda.CudaWeights.CudaLstm;
import dev.skald.cuda.CudaWeights.Matrix;
import dev.skald.cuda.CudaWeights.Type;
import dev.skald.cuda.decode.DeviceModel;
import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.Stream;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.decode.DecoderModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Weights on a device, packed there for the matrix kernels. {@link Role#EXACT} is fp32; the others
 * are fp16, {@link Role#STREAMED} bfloat16, or fp32 where that is asked for. Those in bfloat16 are
 * read when they are first used: see {@link StreamedLinear}.
 *
 * <p>Loading is serialised: one upload at a time goes through the page-locked memory.
 */
final class CudaParameters implements Parameters {
    private static final System.Logger LOG = System.getLogger(CudaParameters.class.getName());

    private final CudaBackend backend;
    private final Context context;
    private final Precision precision;
    private final Stream stream;
    private final List<Long> memory = new ArrayList<>();
    private final Map<DecoderModel, Optional<DeviceModel>> decoders = new IdentityHashMap<>();
    private boolean closed;

    CudaParameters(CudaBackend backend, Context context, Precision precision) {
        this.backend = backend;
        this.context = context;
        this.precision = precision;
        stream = context.stream();
    }

    @Override
    public Backend backend() {
        return backend;
    }

    @Override
    public Precision streamed() {
        return precision == Precision.FP32 ? Precision.FP32 : Precision.BF16;
    }

    private Type type(Role role) {
        if (precision == Precision.FP32) {
            return Type.F32;
        }
        return switch (role) {
            case EXACT -> Type.F32;
            case DIRECT, WORKING -> Type.F16;
            case STREAMED -> Type.BF16;
        };
    }

    // ---- memory

    long allocate(long bytes) {
        if (closed) {
            throw new IllegalStateException("these parameters are closed");
        }
        long address = context.allocate(bytes);
        memory.add(address);
        return address;
    }

    long upload(float[] values) {
        long address = allocate((long) values.length * Float.BYTES);
        stream.upload(values, 0, values.length, address);
        stream.synchronize();
        return address;
    }

    // ---- packing

    /** Where element (n, c, k) of a weight lies. */
    private record Layout(long n, long c, long k) {}

    /** What a packed matrix is made of. */
    private static final class Shape {
        final int columns;
        final int in;
        final int kernel;
        int taps;
        int up;
        int upChannels;
        int flat;

        Shape(int columns, int in, int kernel) {
            this.columns = columns;
            this.in = in;
            this.kernel = kernel;
            taps = kernel;
        }
    }

    /** Packs weights whose outputs lie side by side. */
    private Matrix pack(List<float[]> sources, Layout layout, Shape shape, Type type, long bias) {
        int padded = (shape.columns + 63) / 64 * 64;
        int chunk = type == Type.F32 ? 16 : 32;
        long rows = (long) ((shape.in + chunk - 1) / chunk) * chunk * shape.taps;
        long out = allocate(rows * padded * (type == Type.F32 ? 4 : 2));
        int first = 0;
        for (int i = 0; i < sources.size(); i++) {
            float[] source = sources.get(i);
            boolean last = i == sources.size() - 1;
            int n =
                    sources.size() == 1
                            ? shape.columns
                            : Math.toIntExact(source.length / ((long) shape.in * shape.kernel));
            int columns = last ? padded - first : n;
            long scratch = context.allocate((long) source.length * Float.BYTES);
            stream.upload(source, 0, source.length, scratch);
            stream.begin()
                    .add(scratch)
                    .add(layout.n)
                    .add(layout.c)
                    .add(layout.k)
                    .add(out)
                    .add(0L)
                    .add(n)
                    .add(first)
                    .add(padded)
                    .add(last ? 1 : 0)
                    .add(shape.in)
                    .add(shape.kernel)
                    .add(shape.taps)
                    .add(shape.up)
                    .add(shape.upChannels)
                    .add(shape.flat)
                    .add(0)
                    .add(Type.F32.ordinal())
                    .add(type.ordinal())
                    .add(1f);
            int blocks = Math.toIntExact((rows * columns + 255) / 256);
            stream.launch(context.kernel("pack_weights"), blocks, 1, 1, 256, 0);
            stream.synchronize();
            context.free(scratch);
            first += n;
        }
        return new Matrix(out, type, shape.columns, padded, shape.taps, bias);
    }

    private static float[] values(Weight w, int count) {
        require(w, w.size() == count, "(" + count + ")");
        return w.floats();
    }

    // ---- layers

    @Override
    public Linear linear(Weight weight, @Nullable Weight bias, Role role) {
        return linear(new Weight[] {weight}, new @Nullable Weight[] {bias}, role);
    }

    @Override
    public synchronized Linear linear(
            Weight[] weights, @Nullable Weight @Nullable [] biases, Role role) {
        int in = dims(weights[0], 2)[1];
        int out = 0;
        boolean any = false;
        for (int i = 0; i < weights.length; i++) {
            Weight w = weights[i];
            require(w, w.shape().length == 2 && w.shape()[1] == in, "(out, " + in + ")");
            out = Math.addExact(out, w.shape()[0]);
            any |= biases != null && biases[i] != null;
        }
        float[] bias = new float[any ? out : 0];
        int at = 0;
        for (int i = 0; i < weights.length; i++) {
            int rows = weights[i].shape()[0];
            Weight b = biases == null ? null : biases[i];
            if (b != null) {
                System.arraycopy(values(b, rows), 0, bias, at, rows);
            }
            at += rows;
        }
        if (isStreamed(role)) {
            return new StreamedLinear(this, in, out, List.of(weights), bias, false);
        }
        List<float[]> sources = new ArrayList<>();
        for (Weight w : weights) {
            sources.add(w.floats());
        }
        Matrix m = pack(sources, false, in, out, type(role), bias);
        return new CudaLinear(in, out, m);
    }

    private boolean isStreamed(Role role) {
        return role == Role.STREAMED && type(role) == Type.BF16;
    }

    private Matrix pack(
            List<float[]> sources, boolean transposed, int in, int out, Type type, float[] bias) {
        return pack(
                sources,
                transposed ? new Layout(1, out, 1) : new Layout(in, 1, 1),
                new Shape(out, in, 1),
                type,
                bias.length > 0 ? upload(bias) : 0);
    }

    /** A matrix for the ops. */
    synchronized Matrix pack(StreamedLinear w) {
        List<float[]> sources = new ArrayList<>();
        w.weights().forEach(each -> sources.add(each.floats()));
        return pack(sources, w.transposed(), w.in(), w.out(), type(Role.STREAMED), w.bias());
    }

    /** The weights of a decoder, packed once; empty, with a word of why, if the kernels cannot. */
    synchronized Optional<DeviceModel> decoder(DecoderModel model) {
        return decoders.computeIfAbsent(
                model,
                m -> {
                    DecoderTiles tiles = new DecoderTiles(context, stream, this, m);
                    String unfit = tiles.unfit();
                    if (unfit == null) {
                        return Optional.of(tiles.pack());
                    }
                    LOG.log(
                            System.Logger.Level.INFO,
                            "the decoder on the GPU runs op by op: {0}",
                            unfit);
                    return Optional.empty();
                });
    }

    @Override
    public synchronized Linear linearTransposed(Weight weight, @Nullable Weight bias, Role role) {
        int in = dims(weight, 2)[0];
        int out = weight.shape()[1];
        float[] b = bias == null ? new float[0] : values(bias, out);
        if (isStreamed(role)) {
            return new StreamedLinear(this, in, out, List.of(weight), b, true);
        }
        Matrix m = pack(List.of(weight.floats()), true, in, out, type(role), b);
        return new CudaLinear(in, out, m);
    }

    @Override
    public synchronized Conv1d conv1d(
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
        float[] biases = bias == null ? new float[0] : values(bias, out);
        float[] all = weight.floats();
        if (part == 1 && out == groups && groups > 1) {
            return new CudaConv1d(
                    in,
                    out,
                    kernel,
                    stride,
                    dilation,
                    List.of(),
                    upload(all),
                    bias == null ? 0 : upload(biases));
        }
        int width = out / groups;
        long b = bias == null ? 0 : upload(biases);
        List<Matrix> packed = new ArrayList<>();
        int each = width * part * kernel;
        for (int g = 0; g < groups; g++) {
            Shape shape;
            if (stride > 1 && dilation == 1) {
                shape = new Shape(width, kernel * part, kernel);
                shape.taps = 1;
                shape.flat = part;
            } else {
                shape = new Shape(width, part, kernel);
            }
            packed.add(
                    pack(
                            List.of(Arrays.copyOfRange(all, g * each, (g + 1) * each)),
                            new Layout((long) part * kernel, kernel, 1),
                            shape,
                            type(role),
                            b == 0 ? 0 : b + (long) g * width * Float.BYTES));
        }
        return new CudaConv1d(in, out, kernel, stride, dilation, List.copyOf(packed), 0, b);
    }

    @Override
    public synchronized ConvTranspose1d convTranspose1d(
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
        long b = 0;
        if (bias != null) {
            float[] one = values(bias, out);
            float[] repeated = new float[out * stride];
            for (int i = 0; i < repeated.length; i++) {
                repeated[i] = one[i % out];
            }
            b = upload(repeated);
        }
        Shape shape = new Shape(Math.multiplyExact(out, stride), in, kernel);
        shape.taps = Math.ceilDiv(kernel, stride);
        shape.up = stride;
        shape.upChannels = out;
        Layout layout = new Layout(kernel, (long) out * kernel, 1);
        Matrix m = pack(List.of(weight.floats()), layout, shape, type(role), b);
        return new CudaConvTranspose1d(in, out, kernel, stride, padding, m);
    }

    @Override
    public synchronized Conv2d conv2d(
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
        Shape shape = new Shape(out, Math.multiplyExact(in, area), area);
        shape.taps = 1;
        shape.flat = in;
        long b = bias == null ? 0 : upload(values(bias, out));
        Layout layout = new Layout((long) in * area, area, 1);
        Matrix m = pack(List.of(weight.floats()), layout, shape, Type.F32, b);
        return new CudaConv2d(in, out, kh, kw, strideH, strideW, paddingH, paddingW, m);
    }

    @Override
    public synchronized Lstm lstm(
            Weight inputWeight,
            Weight hiddenWeight,
            @Nullable Weight bias1,
            @Nullable Weight bias2) {
        int hidden = dims(hiddenWeight, 2)[1];
        require(hiddenWeight, hiddenWeight.shape()[0] == 4 * hidden, "(4H, H)");
        require(inputWeight, dims(inputWeight, 2)[0] == 4 * hidden, "(" + 4 * hidden + ", in)");
        float[] bias = new float[4 * hidden];
        for (Weight b : new @Nullable Weight[] {bias1, bias2}) {
            if (b != null) {
                float[] more = values(b, bias.length);
                for (int i = 0; i < bias.length; i++) {
                    bias[i] += more[i];
                }
            }
        }
        CudaLinear input =
                (CudaLinear)
                        linear(
                                inputWeight,
                                Weight.of(inputWeight.name(), bias, bias.length),
                                Role.EXACT);
        float[] w = hiddenWeight.floats();
        float[] transposed = new float[w.length];
        for (int g = 0; g < 4 * hidden; g++) {
            for (int h = 0; h < hidden; h++) {
                transposed[h * 4 * hidden + g] = w[g * hidden + h];
            }
        }
        return new CudaLstm(input, upload(transposed), hidden);
    }

    @Override
    public synchronized Embedding embedding(Weight weight) {
        int[] d = dims(weight, 2);
        return new CudaEmbedding(d[0], d[1], upload(weight.floats()));
    }

    @Override
    public synchronized Tensor constant(float[] values, int rows, int cols) {
        if ((long) rows * cols != values.length) {
            throw new IllegalArgumentException(
                    values.length + " values for " + rows + " rows of " + cols);
        }
        return CudaTensor.dense(upload(values), 1, rows, cols);
    }

    @Override
    public synchronized Tensor vector(Weight weight) {
        float[] values = weight.floats();
        return CudaTensor.dense(upload(values), 1, 1, values.length);
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        stream.close();
        memory.forEach(context::free);
        memory.clear();
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
            throw WeightException.shape(w.name(), w.shape(), expected);
        }
    }
}
