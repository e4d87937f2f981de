package dev.skald.cuda;

import dev.skald.cuda.CudaWeights.CudaConv1d;
import dev.skald.cuda.CudaWeights.CudaConv2d;
import dev.skald.cuda.CudaWeights.CudaConvTranspose1d;
import dev.skald.cuda.CudaWeights.Matrix;
import dev.skald.cuda.CudaWeights.Type;
import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.Stream;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Activation.Kind;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Matrix products and convolutions: {@code gemm.cu} and {@code conv.cu}. */
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

    private final Context context;
    private final Stream stream;
    private final DeviceArena arena;
    private final Elementwise elementwise;
    private final int multiprocessors;
    private boolean halves;

    Gemm(Context context, Stream stream, DeviceArena arena, Elementwise elementwise) {
        this.context = context;
        this.stream = stream;
        this.arena = arena;
        this.elementwise = elementwise;
        multiprocessors = context.multiprocessors();
    }

    /**
     * Whether the network that runs has weights of 16 bits: then attention computes with as many.
     */
    boolean halves() {
        return halves;
    }

    /** How an input is read as rows: see {@code gemm.cuh}. */
    private record Windows(
            int rows, int in, int dilation, int pad, int flat, long rowStride, int up, int upPad) {}

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
        Windows rows = new Windows(in.rows(), in.cols(), 1, 0, 0, in.rowStride(), 0, 0);
        product(in, rows, Activation.NONE, w, w.columns(), e, to);
    }

    private static CudaTensor batchesAsRows(CudaTensor t) {
        return new CudaTensor(t.address(), 1, t.batch(), t.cols(), 0, t.batchStride(), null);
    }

    void conv1d(
            CudaTensor x,
            CudaConv1d c,
            int padLeft,
            Activation before,
            Epilogue epilogue,
            CudaTensor out) {
        if (c.taps() != 0) {
            depthwise(x, c, padLeft, before, epilogue, out);
            return;
        }
        if (c.stride() > 1 && c.dilation() > 1) {
            strided(x, c, padLeft, before, epilogue, out);
            return;
        }
        int groups = c.groups().size();
        int in = c.in() / groups;
        int n = c.out() / groups;
        try (Ops.Scope scope = arena.scope()) {
            CudaTensor from = x;
            Activation first = before;
            if (!foldable(before)) {
                from = activated(x, before);
                first = Activation.NONE;
            }
            if (c.stride() > 1 && (groups > 1 || !from.isDense() || first.kind() != Kind.NONE)) {
                from = activated(from, first);
                first = Activation.NONE;
            }
            for (int g = 0; g < groups; g++) {
                CudaTensor part = groups == 1 ? from : columns(from, g * in, in);
                if (groups > 1 && c.stride() > 1) {
                    part = activated(part, Activation.NONE);
                }
                Windows windows =
                        c.stride() > 1
                                ? new Windows(
                                        x.rows(),
                                        c.kernel() * in,
                                        1,
                                        padLeft * in,
                                        in,
                                        (long) c.stride() * in,
                                        0,
                                        0)
                                : new Windows(
                                        x.rows(),
                                        in,
                                        c.dilation(),
                                        padLeft,
                                        0,
                                        part.rowStride(),
                                        0,
                                        0);
                product(
                        part,
                        windows,
                        groups == 1 ? first : slice(first, g * in, in),
                        c.groups().get(g),
                        n,
                        groups == 1 ? epilogue : slice(epilogue, g * n, n),
                        groups == 1 ? out : columns(out, g * n, n));
            }
        }
    }

    /** A dilated convolution with a stride: every so many rows of the one without. */
    private void strided(
            CudaTensor x,
            CudaConv1d c,
            int padLeft,
            Activation before,
            Epilogue epilogue,
            CudaTensor out) {
        CudaConv1d plain =
                new CudaConv1d(
                        c.in(), c.out(), c.kernel(), 1, c.dilation(), c.groups(), 0, c.bias());
        try (Ops.Scope scope = arena.scope()) {
            int rows = (out.rows() - 1) * c.stride() + 1;
            long size = (long) rows * out.cols();
            long at = arena.allocate(x.batch() * size * Float.BYTES);
            CudaTensor all =
                    new CudaTensor(at, x.batch(), rows, out.cols(), size, out.cols(), null);
            conv1d(x, plain, padLeft, before, Epilogue.NONE, all);
            CudaTensor some =
                    new CudaTensor(
                            at,
                            x.batch(),
                            out.rows(),
                            out.cols(),
                            size,
                            (long) c.stride() * out.cols(),
                            null);
            finish(some, epilogue, out);
        }
    }

    private static CudaTensor columns(CudaTensor x, int from, int n) {
        return CudaTensor.of(x.cols(from, from + n));
    }

    private static Activation slice(Activation a, int from, int n) {
        Tensor alpha = a.alpha();
        return alpha == null ? a : Activation.snake(alpha.cols(from, from + n));
    }

    private static Epilogue slice(Epilogue e, int from, int n) {
        Tensor r = e.residual();
        return new Epilogue(
                slice(e.activation(), from, n),
                e.scale(),
                r == null ? null : r.cols(from, from + n));
    }

    /** What the kernels apply to their input themselves. */
    private static boolean foldable(Activation a) {
        return a.kind() == Kind.NONE
                || a.kind() == Kind.RELU
                || a.kind() == Kind.LEAKY_RELU
                || a.kind() == Kind.SNAKE;
    }

    /** x through an activation, without gaps, in the arena. */
    private CudaTensor activated(CudaTensor x, Activation a) {
        CudaTensor dense =
                new CudaTensor(
                        arena.allocate(x.size() * Float.BYTES),
                        x.batch(),
                        x.rows(),
                        x.cols(),
                        (long) x.rows() * x.cols(),
                        x.cols(),
                        x.lengths());
        elementwise.activate(x, a, dense);
        return dense;
    }

    void convTranspose1d(CudaTensor x, CudaConvTranspose1d c, Activation before, CudaTensor out) {
        if (x.rows() == 0 || out.rows() == 0) {
            return;
        }
        try (Ops.Scope scope = arena.scope()) {
            CudaTensor from = foldable(before) ? x : activated(x, before);
            Windows windows =
                    new Windows(
                            x.rows(),
                            c.in(),
                            1,
                            c.matrix().taps() - 1,
                            0,
                            from.rowStride(),
                            c.stride(),
                            c.padding());
            product(
                    from,
                    windows,
                    foldable(before) ? before : Activation.NONE,
                    c.matrix(),
                    c.out(),
                    Epilogue.NONE,
                    out);
        }
    }

    /** A kernel of gemm.cu and its tile. */
    private record Tile(String name, int rows, int columns) {}

    private Tile tile(Matrix w, int rows, int batch, boolean plain) {
        long columns = w.columns();
        if (w.type() == Type.F32) {
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
        if (w.type() == Type.F16 && blocks(rows, columns, batch, 128) >= 2L * multiprocessors) {
            return new Tile("gemm_f16_128x64", 128, 64);
        }
        return new Tile(w.type() == Type.F16 ? "gemm_f16_64x64" : "gemm_bf16_64x64", 64, 64);
    }

    private static long blocks(int rows, long columns, int batch, int tileRows) {
        return Math.ceilDiv(rows, tileRows) * Math.ceilDiv(columns, 64L) * batch;
    }

    private void product(
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
        halves = halves || w.type() != Type.F32;
        Activation after = epilogue.activation();
        if (!AFTER.contains(after.kind())) {
            unfused(x, in, before, w, channels, epilogue, out);
            return;
        }
        boolean up = in.up > 0;
        int rows = up ? in.rows + w.taps() - 1 : out.rows();
        boolean plain = // one warp goes over the channels of sixteen rows
                !up && in.flat == 0 && after.alpha() == null && in.in <= 64;
        Tile tile = tile(w, rows, x.batch(), plain);
        boolean relu = before.kind() == Kind.RELU;
        CudaTensor residual =
                epilogue.residual() == null ? null : CudaTensor.of(epilogue.residual());
        stream.begin()
                .add(x.address())
                .add(x.batchStride())
                .add(in.rowStride)
                .add(w.address())
                .add(w.bias())
                .add(0L)
                .add(alpha(before))
                .add(alpha(after));
        place(residual);
        place(out);
        stream.add(x.valid())
                .add(0L)
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
                .add(0)
                .add(0)
                .add(in.up)
                .add(up ? channels : 0)
                .add(in.upPad)
                .add(up ? out.rows() : 0)
                .add(relu ? 0 : before.parameter())
                .add(after.parameter())
                .add(epilogue.scale());
        stream.launch(
                context.kernel(tile.name),
                tile.name.endsWith("narrow") ? 1 : Math.ceilDiv(w.columns(), tile.columns),
                Math.ceilDiv(rows, tile.rows),
                x.batch(),
                256,
                shared(tile, w, in.dilation));
    }

    private static int shared(Tile tile, Matrix w, int dilation) {
        if (tile.name.endsWith("narrow")) {
            return 0;
        }
        int rows = tile.rows + (w.taps() - 1) * dilation;
        int out = tile.rows * (tile.columns + 4) * 4;
        if (w.type() == Type.F32) {
            return Math.max(2 * rows * 80 + 4 * 16 * tile.columns * 4, out);
        }
        int slots = w.taps() == 1 ? 4 : 3;
        return Math.max(slots * rows * 64 + 3 * 2 * tile.columns * 64, out);
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
            CudaTensor made =
                    new CudaTensor(
                            arena.allocate(out.size() * Float.BYTES),
                            out.batch(),
                            out.rows(),
                            out.cols(),
                            (long) out.rows() * out.cols(),
                            out.cols(),
                            null);
            product(x, in, before, w, channels, Epilogue.NONE, made);
            finish(made, epilogue, out);
        }
    }

    /** out = residual + scale * activation(made). */
    private void finish(CudaTensor made, Epilogue e, CudaTensor out) {
        elementwise.activate(made, e.activation(), made);
        if (e.residual() == null) {
            elementwise.scale(made, e.scale(), 0, out);
        } else {
            elementwise.pair(Elementwise.ADD_SCALED, e.residual(), made, e.scale(), out);
        }
    }

    private void depthwise(
            CudaTensor x,
            CudaConv1d c,
            int padLeft,
            Activation before,
            Epilogue epilogue,
            CudaTensor out) {
        try (Ops.Scope scope = arena.scope()) {
            CudaTensor from = before.kind() == Kind.NONE ? x : activated(x, before);
            Activation after = epilogue.activation();
            CudaTensor residual =
                    epilogue.residual() == null ? null : CudaTensor.of(epilogue.residual());
            boolean fused = after.alpha() == null;
            stream.begin().add(from.address()).add(from.batchStride()).add(from.rowStride());
            stream.add(c.taps()).add((long) c.kernel()).add(1L).add(c.bias());
            place(fused ? residual : null);
            place(out);
            stream.add(x.valid())
                    .add(x.batch())
                    .add(x.rows())
                    .add(out.rows())
                    .add(out.cols())
                    .add(c.kernel())
                    .add(c.stride())
                    .add(c.dilation())
                    .add(padLeft)
                    .add(fused ? after.kind().ordinal() : 0)
                    .add(0)
                    .add(after.parameter())
                    .add(fused ? epilogue.scale() : 1f);
            int blocks = Math.toIntExact(Math.ceilDiv((long) out.rows() * out.cols(), 256L));
            stream.launch(context.kernel("depthwise"), blocks, x.batch(), 1, 256, 0);
            if (!fused) {
                finish(out, epilogue, out);
            }
        }
    }

    void conv2d(CudaTensor x, CudaConv2d c, Epilogue epilogue, CudaTensor out) {
        Activation after = epilogue.activation();
        boolean fused = after.alpha() == null && after.parameter() == 0 && epilogue.scale() == 1;
        CudaTensor residual =
                epilogue.residual() == null ? null : CudaTensor.of(epilogue.residual());
        stream.begin().add(x.address()).add(x.batchStride()).add(x.rowStride());
        stream.add(c.matrix().address()).add(c.matrix().bias());
        place(fused ? residual : null);
        place(out);
        stream.add(0L)
                .add(x.batch())
                .add(x.rows())
                .add(c.in())
                .add(out.batch())
                .add(out.rows())
                .add(c.out())
                .add(c.matrix().padded())
                .add(c.kernelH())
                .add(c.kernelW())
                .add(c.strideH())
                .add(c.strideW())
                .add(c.paddingH())
                .add(c.paddingW())
                .add(fused ? after.kind().ordinal() : 0)
                .add(0)
                .add(0);
        int columns = 31 * c.strideW() + c.kernelW();
        stream.launch(
                context.kernel("conv2d"),
                Math.ceilDiv(out.rows(), 32),
                Math.ceilDiv(c.out(), 32),
                out.batch(),
                128,
                c.kernelH() * columns * (c.in() + 1) * Float.BYTES);
        if (!fused) {
            finish(out, epilogue, out);
        }
    }

    private static long alpha(Activation a) {
        Tensor alpha = a.alpha();
        return alpha == null ? 0 : CudaTensor.of(alpha).address();
    }

    private void place(@Nullable CudaTensor t) {
        if (t == null) {
            stream.add(0L).add(0L).add(0L);
        } else {
            stream.add(t.address()).add(t.batchStride()).add(t.rowStride());
        }
    }
}
