package dev.skald.cuda;

import dev.skald.Optimisation;
import dev.skald.Precision;
import dev.skald.cuda.CudaWeights.CudaConv1d;
import dev.skald.cuda.CudaWeights.CudaConv2d;
import dev.skald.cuda.CudaWeights.CudaConvTranspose1d;
import dev.skald.cuda.CudaWeights.CudaEmbedding;
import dev.skald.cuda.CudaWeights.CudaLinear;
import dev.skald.cuda.CudaWeights.CudaLstm;
import dev.skald.cuda.CudaWeights.Matrix;
import dev.skald.cuda.CudaWeights.Type;
import dev.skald.cuda.WeightLoader.Raw;
import dev.skald.cuda.decode.DeviceModel;
import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.CudaException;
import dev.skald.cuda.driver.Stream;
import dev.skald.tensor.CheckedParameters;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.decode.DecoderModel;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Weights on a device, packed there for the matrix kernels. {@link Role#EXACT} is fp32; the others
 * are fp16, {@link Role#STREAMED} bfloat16, or fp32 where that is asked for. Those in bfloat16 are
 * read when they are first used: see {@link StreamedLinear}. {@link Precision#INT8} is for the
 * token decoder alone: an op that reads such a matrix has it in bfloat16.
 *
 * <p>Loading is serialised: a {@link WeightLoader} fills the page-locked memory of one weight after
 * the other.
 */
final class CudaParameters extends CheckedParameters {
    private static final System.Logger LOG = System.getLogger(CudaParameters.class.getName());

    private final Context context;
    private final Precision precision;
    private final Stream stream;
    private final WeightLoader loader;
    private final List<Long> memory = new ArrayList<>();
    private final Map<DecoderModel, Optional<DeviceModel>> decoders = new IdentityHashMap<>();

    /** Loads within a load. */
    private int depth;

    /** What ended a load within the present one. */
    private @Nullable Throwable failure;

    private boolean closed;

    CudaParameters(CudaBackend backend, Context context, Precision precision) {
        super(backend);
        this.context = context;
        this.precision = precision;
        stream = context.stream();
        try {
            loader = new WeightLoader(context, stream);
        } catch (CudaException e) {
            stream.close();
            throw e;
        }
    }

    @Override
    public Precision streamed() {
        if (type(Role.STREAMED) == Type.F32) {
            return Precision.FP32;
        }
        return precision == Precision.INT8 ? Precision.INT8 : Precision.BF16;
    }

    private Type type(Role role) {
        if (precision == Precision.FP32) {
            return Type.F32;
        }
        return switch (role) {
            case EXACT -> Type.F32;
            case DIRECT, WORKING -> Type.F16;
            case STREAMED -> context.uses(Optimisation.BF16) ? Type.BF16 : Type.F32;
        };
    }

    // ---- loading

    @Override
    public synchronized <T> T load(Supplier<T> model) {
        T made = each(model);
        if (depth == 0) {
            loader.free();
        }
        return made;
    }

    /** One weight or many: all are there and checked when the outermost call returns. */
    private synchronized <T> T each(Supplier<T> weights) {
        if (closed) {
            throw new IllegalStateException("these parameters are closed");
        }
        depth++;
        try {
            T made = weights.get();
            if (failure != null) {
                throw new IllegalStateException("a weight before was not loaded", failure);
            }
            if (depth == 1) {
                loader.finish();
            }
            return made;
        } catch (RuntimeException | Error e) {
            failure = e;
            try {
                loader.abandon();
            } catch (CudaException again) {
                e.addSuppressed(again); // the device itself has failed
            }
            throw e;
        } finally {
            depth--;
            failure = depth == 0 ? null : failure;
        }
    }

    long allocate(long bytes) {
        long address = context.allocate(bytes);
        memory.add(address);
        return address;
    }

    /** Values that are what they are, on the device. */
    long upload(float[] values) {
        long address = allocate((long) values.length * Float.BYTES);
        loader.constant(values, address);
        return address;
    }

    private long upload(Weight w) {
        long address = allocate(w.size() * Float.BYTES);
        loader.floats(w, address);
        return address;
    }

    /** Biases one behind the other, zeros for those that are missing; 0 if all are. */
    private long biases(Joined maps) {
        if (!maps.isBiased()) {
            return 0;
        }
        long address = allocate((long) maps.out() * Float.BYTES);
        loader.vectors(maps, address);
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

        /** Bytes of columns that are padded to so many. */
        long bytes(int padded, Type type) {
            return rows(type) * padded * (type == Type.F32 ? 4 : 2);
        }

        long rows(Type type) {
            int chunk = type == Type.F32 ? 16 : 32;
            return (long) ((in + chunk - 1) / chunk) * chunk * taps;
        }
    }

    private static int padded(int columns) {
        return (columns + 63) / 64 * 64;
    }

    /** A matrix of one source, which begins at value {@code from} of what was uploaded. */
    private Matrix pack(Raw raw, long from, Layout layout, Shape shape, Type type, long bias) {
        int padded = padded(shape.columns);
        long out = allocate(shape.bytes(padded, type));
        pack(raw, from, layout, shape, type, out, 0, shape.columns, padded);
        return new Matrix(out, type, shape.columns, padded, shape.taps, bias);
    }

    /** Packs n columns from {@code first} on; the last ones with zeros up to {@code padded}. */
    private void pack(
            Raw raw,
            long from,
            Layout layout,
            Shape shape,
            Type type,
            long out,
            int first,
            int n,
            int padded) {
        boolean last = first + n == shape.columns;
        int columns = last ? padded - first : n;
        loader.launch(
                "pack_weights",
                (shape.rows(type) * columns + 255) / 256,
                s ->
                        s.add(raw.at(from))
                                .add(layout.n)
                                .add(layout.c)
                                .add(layout.k)
                                .add(out)
                                .add(loader.found())
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
                                .add(raw.type().ordinal())
                                .add(type.ordinal())
                                .add(1f));
    }

    private Matrix pack(Joined maps, boolean transposed, Type type) {
        int padded = padded(maps.out());
        Shape shape = new Shape(maps.out(), maps.in(), 1);
        Layout layout = transposed ? new Layout(1, maps.out(), 1) : new Layout(maps.in(), 1, 1);
        long out = allocate(shape.bytes(padded, type));
        int first = 0;
        for (int i = 0; i < maps.weights().length; i++) {
            Raw raw = loader.raw(maps.weights()[i]);
            pack(raw, 0, layout, shape, type, out, first, maps.out(i), padded);
            first += maps.out(i);
        }
        return new Matrix(out, type, maps.out(), padded, 1, biases(maps));
    }

    /** A matrix for the ops. */
    Matrix pack(StreamedLinear w) {
        return each(() -> pack(w.maps(), w.transposed(), type(Role.STREAMED)));
    }

    /**
     * The weights of a decoder, packed once; empty, with a word of why, if the kernels cannot.
     *
     * @throws IllegalArgumentException if they cannot in 8 bits, which nothing else can
     */
    synchronized Optional<DeviceModel> decoder(DecoderModel model) {
        return decoders.computeIfAbsent(
                model,
                m -> {
                    boolean int8 = streamed() == Precision.INT8;
                    DecoderTiles tiles = new DecoderTiles(stream, loader, this, m, int8);
                    String unfit = tiles.unfit();
                    if (unfit == null) {
                        return Optional.of(load(tiles::pack));
                    }
                    if (int8) {
                        throw new IllegalArgumentException(
                                "no 8-bit weights for this model on a GPU, for "
                                        + unfit
                                        + ": use precision bf16");
                    }
                    LOG.log(
                            System.Logger.Level.INFO,
                            "the decoder on the GPU runs op by op: {0}",
                            unfit);
                    return Optional.empty();
                });
    }

    // ---- layers

    private Linear linear(Joined maps, boolean transposed, Role role) {
        if (role == Role.STREAMED && type(role) == Type.BF16) {
            return new StreamedLinear(this, maps, transposed);
        }
        Matrix m = each(() -> pack(maps, transposed, type(role)));
        return new CudaLinear(maps.in(), maps.out(), m);
    }

    @Override
    protected Linear pack(Joined maps, Role role) {
        return linear(maps, false, role);
    }

    @Override
    protected Linear packTransposed(
            Weight weight, @Nullable Weight bias, int in, int out, Role role) {
        Joined one = new Joined(new Weight[] {weight}, new @Nullable Weight[] {bias}, in, out);
        return linear(one, true, role);
    }

    @Override
    protected Conv1d pack(Weight weight, @Nullable Weight bias, Conv1dShape s) {
        return each(
                () -> {
                    long b = bias == null ? 0 : upload(bias);
                    if (s.isDepthwise()) {
                        return conv(s, List.of(), upload(weight), b);
                    }
                    int width = s.out() / s.groups();
                    long values = (long) width * s.part() * s.kernel();
                    Raw raw = loader.raw(weight);
                    List<Matrix> packed = new ArrayList<>();
                    for (int g = 0; g < s.groups(); g++) {
                        Shape shape;
                        if (s.stride() > 1 && s.dilation() == 1) {
                            shape = new Shape(width, s.kernel() * s.part(), s.kernel());
                            shape.taps = 1;
                            shape.flat = s.part();
                        } else {
                            shape = new Shape(width, s.part(), s.kernel());
                        }
                        Layout layout = new Layout((long) s.part() * s.kernel(), s.kernel(), 1);
                        long bias1 = b == 0 ? 0 : b + (long) g * width * Float.BYTES;
                        packed.add(pack(raw, g * values, layout, shape, type(s.role()), bias1));
                    }
                    return conv(s, List.copyOf(packed), 0, b);
                });
    }

    private static CudaConv1d conv(Conv1dShape s, List<Matrix> groups, long taps, long bias) {
        return new CudaConv1d(
                s.in(), s.out(), s.kernel(), s.stride(), s.dilation(), groups, taps, bias);
    }

    @Override
    protected ConvTranspose1d pack(Weight weight, @Nullable Weight bias, ConvTranspose1dShape s) {
        return each(
                () -> {
                    int wide = Math.multiplyExact(s.out(), s.stride());
                    long b = 0;
                    if (bias != null) {
                        long bytes = (long) s.out() * Float.BYTES;
                        long all = allocate(bytes * s.stride());
                        loader.floats(bias, all);
                        for (int i = 1; i < s.stride(); i++) {
                            loader.copy(all, all + i * bytes, bytes);
                        }
                        b = all;
                    }
                    Shape shape = new Shape(wide, s.in(), s.kernel());
                    shape.taps = Math.ceilDiv(s.kernel(), s.stride());
                    shape.up = s.stride();
                    shape.upChannels = s.out();
                    Layout layout = new Layout(s.kernel(), (long) s.out() * s.kernel(), 1);
                    Matrix m = pack(loader.raw(weight), 0, layout, shape, type(s.role()), b);
                    return new CudaConvTranspose1d(
                            s.in(), s.out(), s.kernel(), s.stride(), s.padding(), m);
                });
    }

    @Override
    protected Conv2d pack(Weight weight, @Nullable Weight bias, Conv2dShape s) {
        return each(
                () -> {
                    int area = s.area();
                    Shape shape = new Shape(s.out(), Math.multiplyExact(s.in(), area), area);
                    shape.taps = 1;
                    shape.flat = s.in();
                    long b = bias == null ? 0 : upload(bias);
                    Layout layout = new Layout((long) s.in() * area, area, 1);
                    Matrix m = pack(loader.raw(weight), 0, layout, shape, Type.F32, b);
                    return new CudaConv2d(
                            s.in(),
                            s.out(),
                            s.kernelH(),
                            s.kernelW(),
                            s.strideH(),
                            s.strideW(),
                            s.paddingH(),
                            s.paddingW(),
                            m);
                });
    }

    @Override
    protected Lstm pack(Weight input, Weight hidden, Weight bias, int size) {
        return each(
                () -> {
                    CudaLinear in = (CudaLinear) linear(input, bias, Role.EXACT);
                    float[] w = hidden.floats();
                    float[] transposed = new float[w.length];
                    for (int g = 0; g < 4 * size; g++) {
                        for (int h = 0; h < size; h++) {
                            transposed[h * 4 * size + g] = w[g * size + h];
                        }
                    }
                    return new CudaLstm(in, upload(transposed), size);
                });
    }

    @Override
    protected Embedding packTable(Weight weight, int entries, int dim) {
        return new CudaEmbedding(entries, dim, each(() -> upload(weight)));
    }

    @Override
    protected Tensor pack(float[] values, int rows, int cols) {
        return CudaTensor.dense(each(() -> upload(values)), 1, rows, cols);
    }

    @Override
    public Tensor vector(Weight weight) {
        return CudaTensor.dense(each(() -> upload(weight)), 1, 1, Math.toIntExact(weight.size()));
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        loader.close();
        stream.close();
        memory.forEach(context::free);
        memory.clear();
    }
}
