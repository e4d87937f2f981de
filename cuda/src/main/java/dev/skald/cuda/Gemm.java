package dev.skald.cuda;

import dev.skald.cuda.CudaWeights.Matrix;
import dev.skald.cuda.CudaWeights.Type;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Activation.Kind;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;
import java.util.EnumSet;
import java.util.Set;

/** Matrix products: {@code gemm.cu} and {@code gemm_exact.cu}. */
final class Gemm {
    /** Activations a product may end in. */
    private static final Set<Kind> AFTER =
            EnumSet.of(
                    Kind.NONE,
                    Kind.RELU,
                    Kind.LEAKY_RELU,
                    Kind.GELU,
                    Kind.GELU_TANH,
                    Kind.SILU,
                    Kind.MISH,
                    Kind.ELU,
                    Kind.TANH,
                    Kind.SIGMOID,
                    Kind.EXP,
                    Kind.ABS,
                    Kind.SNAKE);

    /** Columns up to which a warp a row is the faster way. */
    private static final int NARROW = 8;

    /** Bytes of shared memory that a block may have on every card. */
    private static final int MOST_SHARED = 99 << 10;

    /** Channels up to which a convolution with 16-bit weights takes the larger tile. */
    private static final int FEW_CHANNELS = 128;

    /** Columns that are normalised in the kernel of the product. */
    private static final int NORM_COLUMNS = 256;

    /** Columns of a tile of the kernel that does a layer norm first. */
    private static final int NORM_TILE = 128;

    private final Launcher launcher;
    private final DeviceArena arena;
    private final Elementwise elementwise;
    private final int multiprocessors;

    Gemm(Launcher launcher, DeviceArena arena, Elementwise elementwise) {
        this.launcher = launcher;
        this.arena = arena;
        this.elementwise = elementwise;
        multiprocessors = launcher.multiprocessors();
    }

    /** How an input is read as rows: see {@code gemm.cuh}. */
    record Windows(
            int rows, int in, int dilation, int pad, int flat, long rowStride, int up, int upPad) {
        /** The rows of x themselves. */
        static Windows of(CudaTensor x) {
            return new Windows(x.rows(), x.cols(), 1, 0, 0, x.rowStride(), 0, 0);
        }
    }

    /** Whether the kernels of 16-bit rows can read x beside these weights. */
    static boolean reads(CudaTensor x, Matrix w) {
        return w.type() == Type.F16 && x.isOperand();
    }

    void linear(CudaTensor x, Matrix w, Epilogue epilogue, CudaTensor out) {
        CudaTensor in = x;
        CudaTensor to = out;
        Epilogue e = epilogue;
        if (x.rows() == 1 && x.batch() > 1 && x.lengths() == null) {
            // The batches as rows of one, so that the weights are read once.
            in = batchesAsRows(x);
            to = batchesAsRows(out);
            if (epilogue.residual() != null) {
                e =
                        new Epilogue(
                                epilogue.activation(),
                                epilogue.scale(),
                                batchesAsRows(CudaTensor.of(epilogue.residual())));
            }
        }
        try (Ops.Scope scope = arena.scope()) {
            CudaTensor from = reads(in, w) ? in : elementwise.floats(in);
            product(from, Windows.of(from), Activation.NONE, w, w.columns(), e, to);
        }
    }

    private static CudaTensor batchesAsRows(CudaTensor t) {
        return t.strided(1, t.batch(), t.cols(), 0, t.batchStride());
    }

    /** What the kernels of fp32 rows apply to their input themselves. */
    static boolean foldable(Activation a) {
        return a.kind() == Kind.NONE
                || a.kind() == Kind.RELU
                || a.kind() == Kind.LEAKY_RELU
                || a.kind() == Kind.SNAKE;
    }

    /** A kernel of theirs and its tile. */
    private record Tile(String name, int rows, int columns) {}

    /**
     * The kernels of 16-bit weights sum in another order with the larger tile, so the choice looks
     * at the layer alone: the same bits in every bucket and beside any neighbours.
     *
     * @param plain whether a row is made of rows of x as they lie, and of few channels
     */
    private Tile tile(CudaTensor x, Matrix w, int rows, boolean plain) {
        long columns = w.columns();
        int batch = x.batch();
        if (w.type() != Type.F32) {
            String type = w.type() == Type.F16 ? "gemm_f16_" : "gemm_bf16_";
            String from = x.type() == Type.F16 ? "_a16" : "";
            // those of vocoders, which have many rows
            boolean large = w.type() == Type.F16 && w.taps() > 1 && columns <= FEW_CHANNELS;
            return large
                    ? new Tile(type + "128x64" + from, 128, 64)
                    : new Tile(type + "64x64" + from, 64, 64);
        }
        if (columns <= NARROW && plain) {
            return new Tile("gemm_f32_narrow", 128, NARROW);
        }
        if (columns <= 32) {
            return new Tile("gemm_f32_128x32", 128, 32);
        }
        if (rows <= 32 || 2 * blocks(rows, columns, batch, 64) <= multiprocessors) {
            return new Tile("gemm_f32_32x64", 32, 64);
        }
        return blocks(rows, columns, batch, 128) >= multiprocessors
                ? new Tile("gemm_f32_128x64", 128, 64)
                : new Tile("gemm_f32_64x64", 64, 64);
    }

    private static long blocks(int rows, long columns, int batch, int tileRows) {
        return Math.ceilDiv(rows, tileRows) * Math.ceilDiv(columns, 64L) * batch;
    }

    /**
     * @param x floats; or, where the kernels read them, 16-bit rows as they lie, without {@code
     *     before}
     * @param channels of the output
     */
    void product(
            CudaTensor x,
            Windows in,
            Activation before,
            Matrix w,
            int channels,
            Epilogue epilogue,
            CudaTensor out) {
        if (out.size() == 0) {
            return;
        }
        Activation after = epilogue.activation();
        if (!AFTER.contains(after.kind())) {
            unfused(x, in, before, w, channels, epilogue, out);
            return;
        }
        boolean up = in.up > 0;
        int rows = up ? in.rows + w.taps() - 1 : out.rows();
        boolean plain = // one warp goes over the channels of sixteen rows
                !up
                        && in.flat == 0
                        && after.alpha() == null
                        && (in.in <= 64 || w.columns() == 1 && w.taps() == 1)
                        && !w.activations(); // their widths are a bucket's
        Tile tile = tile(x, w, rows, plain);
        int bytes = shared(tile, x.type(), w, in.dilation);
        if (bytes > MOST_SHARED && tile.rows == 128 && tile.columns == 64) {
            tile = new Tile(tile.name.replace("128x64", "64x64"), 64, 64); // a wide halo
            bytes = shared(tile, x.type(), w, in.dilation);
        }
        if (bytes > MOST_SHARED) {
            throw new IllegalArgumentException(
                    "a convolution of "
                            + w.taps()
                            + " taps, "
                            + in.dilation
                            + " rows apart, does not fit the shared memory of a GPU");
        }
        arguments(x, in, before, w, channels, rows, epilogue, Norm.NONE, out)
                .launch(
                        tile.name,
                        tile.name.endsWith("narrow") ? 1 : Math.ceilDiv(w.columns(), tile.columns),
                        Math.ceilDiv(rows, tile.rows),
                        x.batch(),
                        256,
                        bytes);
    }

    /** What {@code gemm_f16_norm} does first, and how many tiles of columns a block makes. */
    private record Norm(long gamma, long beta, float eps, int share) {
        static final Norm NONE = new Norm(0, 0, 0, 0);
    }

    /** Whether one kernel does a layer norm of x and the product. */
    static boolean normalises(CudaTensor x, Matrix w, Epilogue epilogue, CudaTensor out) {
        return x.type() == Type.F32
                && w.type() == Type.F16
                && x.cols() % 64 == 0
                && x.cols() <= NORM_COLUMNS
                && w.columns() % 4 == 0
                && AFTER.contains(epilogue.activation().kind())
                && fours(x)
                && fours(out)
                && (epilogue.residual() == null || fours(CudaTensor.of(epilogue.residual())));
    }

    /** Whether groups of four columns can be read and written whole. */
    static boolean fours(CudaTensor t) {
        return t.address() % (4L * t.type().bytes()) == 0
                && t.rowStride() % 4 == 0
                && t.batchStride() % 4 == 0;
    }

    /** A layer norm of x, then a linear map. */
    void normLinear(
            CudaTensor x,
            CudaTensor gamma,
            CudaTensor beta,
            float eps,
            Matrix w,
            Epilogue epilogue,
            CudaTensor out) {
        int tiles = Math.ceilDiv(w.columns(), NORM_TILE);
        int blocks = Math.ceilDiv(x.rows(), 64) * x.batch();
        // two blocks a multiprocessor
        int share =
                Math.ceilDiv(
                        tiles, Math.clamp(2L * multiprocessors / Math.max(1, blocks), 1, tiles));
        Norm norm = new Norm(gamma.address(), beta.address(), eps, share);
        int rows = x.rows();
        arguments(x, Windows.of(x), Activation.NONE, w, w.columns(), rows, epilogue, norm, out)
                .launch(
                        "gemm_f16_norm",
                        Math.ceilDiv(tiles, share),
                        Math.ceilDiv(rows, 64),
                        x.batch(),
                        256,
                        x.cols() * 128 + 3 * 2 * NORM_TILE * 64);
    }

    /** The fields of {@code GemmParams}. */
    private Launcher arguments(
            CudaTensor x,
            Windows in,
            Activation before,
            Matrix w,
            int channels,
            int rows,
            Epilogue epilogue,
            Norm norm,
            CudaTensor out) {
        boolean up = in.up > 0;
        boolean relu = before.kind() == Kind.RELU;
        Activation after = epilogue.activation();
        CudaTensor residual =
                epilogue.residual() == null ? null : CudaTensor.of(epilogue.residual());
        return launcher.begin()
                .add(x.address())
                .add(x.batchStride())
                .add(in.rowStride)
                .add(w.address())
                .add(w.bias())
                .add(0L)
                .add(alpha(before))
                .add(alpha(after))
                .place(residual)
                .place(out)
                .add(x.valid())
                .overflow()
                .add(norm.gamma)
                .add(norm.beta)
                .add(x.batch())
                .add(in.rows)
                .add(rows)
                .add(in.in)
                .add(w.columns())
                .add(w.padded())
                .add(w.taps())
                .add(in.dilation)
                .add(in.pad)
                .add(in.flat)
                .add((relu ? Kind.LEAKY_RELU : before.kind()).ordinal())
                .add(after.kind().ordinal())
                .add(0)
                .add(residual == null ? 0 : residual.type().ordinal())
                .add(out.type().ordinal())
                .add(in.up)
                .add(up ? channels : 0)
                .add(in.upPad)
                .add(up ? out.rows() : 0)
                .add(relu ? 0 : before.parameter())
                .add(after.parameter())
                .add(epilogue.scale())
                .add(norm.eps)
                .add(norm.share);
    }

    /** Bytes of shared memory, as the kernels' files say. */
    private static int shared(Tile tile, Type type, Matrix w, int dilation) {
        if (tile.name.endsWith("narrow")) {
            return 0;
        }
        int taps = w.taps();
        int rows = tile.rows + (taps - 1) * dilation;
        int out = tile.rows * (tile.columns + 4) * 4;
        if (w.type() == Type.F32) {
            return Math.max(2 * rows * 80 + 4 * 16 * tile.columns * 4, out);
        }
        boolean halves = type == Type.F16;
        if (halves && taps == 1) {
            return 96 << 10;
        }
        int slots = halves ? (7 + taps - 1) / taps + 1 : taps == 1 ? 4 : 3;
        int stages = halves ? 4 : 3;
        return Math.max(slots * rows * 64 + stages * 2 * tile.columns * 64, out);
    }

    /** An epilogue whose activation the kernels do not know: product, activation, then the rest. */
    private void unfused(
            CudaTensor x,
            Windows in,
            Activation before,
            Matrix w,
            int channels,
            Epilogue epilogue,
            CudaTensor out) {
        try (Ops.Scope scope = arena.scope()) {
            CudaTensor made = arena.tensor(Type.F32, out.batch(), out.rows(), out.cols());
            product(x, in, before, w, channels, Epilogue.NONE, made);
            finish(made, epilogue, out);
        }
    }

    /** out = residual + scale * activation(made). */
    void finish(CudaTensor made, Epilogue e, CudaTensor out) {
        elementwise.activate(made, e.activation(), made);
        if (e.residual() == null) {
            elementwise.scale(made, e.scale(), 0, out);
        } else {
            elementwise.pair(Elementwise.ADD_SCALED, e.residual(), made, e.scale(), out);
        }
    }

    static long alpha(Activation a) {
        Tensor alpha = a.alpha();
        return alpha == null ? 0 : CudaTensor.floats(alpha).address();
    }
}
