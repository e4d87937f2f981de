package dev.skald.cuda;

import dev.skald.cuda.CudaWeights.CudaConv1d;
import dev.skald.cuda.CudaWeights.CudaConv2d;
import dev.skald.cuda.CudaWeights.CudaConvTranspose1d;
import dev.skald.cuda.CudaWeights.Matrix;
import dev.skald.cuda.CudaWeights.Type;
import dev.skald.cuda.Gemm.Windows;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Activation.Kind;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;

/** Convolutions: as matrix products, or by the kernels of {@code conv.cu}. */
final class Convolutions {
    private final Launcher launcher;
    private final DeviceArena arena;
    private final Elementwise elementwise;
    private final Gemm gemm;
    private final WgmmaConvolutions wgmma;

    Convolutions(
            Launcher launcher,
            DeviceArena arena,
            Elementwise elementwise,
            Gemm gemm,
            WgmmaConvolutions wgmma) {
        this.launcher = launcher;
        this.arena = arena;
        this.elementwise = elementwise;
        this.gemm = gemm;
        this.wgmma = wgmma;
    }

    void conv1d(
            CudaTensor x,
            CudaConv1d c,
            int padLeft,
            Activation before,
            Epilogue epilogue,
            CudaTensor out) {
        try (Ops.Scope scope = arena.scope()) {
            if (c.taps() != 0) {
                depthwise(x, c, padLeft, before, epilogue, out);
            } else if (c.stride() > 1 && c.dilation() > 1) {
                strided(x, c, padLeft, before, epilogue, out);
            } else if (c.stride() == 1 && c.groups().size() == 1) {
                Matrix m = c.groups().getFirst();
                CudaTensor from;
                Activation first = Activation.NONE;
                boolean hopper = wgmma.fits(c, epilogue, out);
                if (hopper || wantsHalves(x, c, before)) {
                    boolean asIs = before.kind() == Kind.NONE && Gemm.reads(x, m);
                    from = asIs ? x : elementwise.activated(x, before, Type.F16);
                    if (hopper) {
                        wgmma.conv1d(from, c, padLeft, epilogue, out);
                        return;
                    }
                } else if (Gemm.foldable(before)) {
                    from = elementwise.floats(x);
                    first = before;
                } else {
                    from = elementwise.activated(x, before, Type.F32);
                }
                Windows windows =
                        new Windows(
                                x.rows(), c.in(), c.dilation(), padLeft, 0, from.rowStride(), 0, 0);
                gemm.product(from, windows, first, m, c.out(), epilogue, out);
            } else {
                grouped(x, c, padLeft, before, epilogue, out);
            }
        }
    }

    /**
     * Whether rows of 16 bits are the faster way, though they have to be made first: where they
     * are, or where snake, an expensive function, is then done once a value instead of once a tile.
     */
    private static boolean wantsHalves(CudaTensor x, CudaConv1d c, Activation before) {
        return c.groups().getFirst().type() == Type.F16
                && c.in() % 8 == 0
                && (x.type() == Type.F16 || before.kind() == Kind.SNAKE);
    }

    private void grouped(
            CudaTensor x,
            CudaConv1d c,
            int padLeft,
            Activation before,
            Epilogue epilogue,
            CudaTensor out) {
        int groups = c.groups().size();
        int in = c.in() / groups;
        int n = c.out() / groups;
        CudaTensor from = x;
        Activation first = before;
        boolean windowed = c.stride() > 1;
        boolean asIs =
                windowed
                        ? groups == 1 && x.isDense() && before.kind() == Kind.NONE
                        : Gemm.foldable(before);
        if (!asIs || x.type() != Type.F32) {
            from = elementwise.activated(x, before, Type.F32);
            first = Activation.NONE;
        }
        for (int g = 0; g < groups; g++) {
            CudaTensor part = groups == 1 ? from : columns(from, g * in, in);
            if (groups > 1 && c.stride() > 1) {
                part = elementwise.activated(part, Activation.NONE, Type.F32);
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
                                    x.rows(), in, c.dilation(), padLeft, 0, part.rowStride(), 0, 0);
            gemm.product(
                    part,
                    windows,
                    groups == 1 ? first : slice(first, g * in, in),
                    c.groups().get(g),
                    n,
                    groups == 1 ? epilogue : slice(epilogue, g * n, n),
                    groups == 1 ? out : columns(out, g * n, n));
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
        int rows = (out.rows() - 1) * c.stride() + 1;
        CudaTensor all = arena.tensor(Type.F32, x.batch(), rows, out.cols());
        conv1d(x, plain, padLeft, before, Epilogue.NONE, all);
        CudaTensor some =
                all.strided(
                        x.batch(),
                        out.rows(),
                        out.cols(),
                        all.batchStride(),
                        (long) c.stride() * out.cols());
        gemm.finish(some, epilogue, out);
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

    void convTranspose1d(CudaTensor x, CudaConvTranspose1d c, Activation before, CudaTensor out) {
        if (x.rows() == 0 || out.rows() == 0) {
            return;
        }
        try (Ops.Scope scope = arena.scope()) {
            if (wgmma.fits(c, out)) {
                boolean operand = before.kind() == Kind.NONE && x.isOperand();
                CudaTensor halves = operand ? x : elementwise.activated(x, before, Type.F16);
                wgmma.convTranspose1d(halves, c, out);
                return;
            }
            boolean asIs = Gemm.foldable(before);
            CudaTensor from =
                    asIs ? elementwise.floats(x) : elementwise.activated(x, before, Type.F32);
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
            Activation first = asIs ? before : Activation.NONE;
            gemm.product(from, windows, first, c.matrix(), c.out(), Epilogue.NONE, out);
        }
    }

    private void depthwise(
            CudaTensor x,
            CudaConv1d c,
            int padLeft,
            Activation before,
            Epilogue epilogue,
            CudaTensor out) {
        CudaTensor from =
                before.kind() == Kind.NONE
                        ? elementwise.floats(x)
                        : elementwise.activated(x, before, Type.F32);
        Activation after = epilogue.activation();
        Tensor residual = epilogue.residual();
        boolean fused = after.alpha() == null;
        launcher.begin()
                .place(from)
                .add(c.taps())
                .add((long) c.kernel())
                .add(1L)
                .add(c.bias())
                .place(fused && residual != null ? CudaTensor.floats(residual) : null)
                .place(CudaTensor.floats(out))
                .add(x.valid())
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
                .add(fused ? epilogue.scale() : 1f)
                .over("depthwise", (long) out.rows() * out.cols(), x.batch());
        if (!fused) {
            gemm.finish(out, epilogue, out);
        }
    }

    void conv2d(CudaTensor x, CudaConv2d c, Epilogue epilogue, CudaTensor out) {
        Activation after = epilogue.activation();
        Tensor residual = epilogue.residual();
        boolean fused = after.alpha() == null && after.parameter() == 0 && epilogue.scale() == 1;
        int columns = 31 * c.strideW() + c.kernelW();
        launcher.begin()
                .place(CudaTensor.floats(x))
                .add(c.matrix().address())
                .add(c.matrix().bias())
                .place(fused && residual != null ? CudaTensor.floats(residual) : null)
                .place(out)
                .add(0L)
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
                .add(0)
                .launch(
                        "conv2d",
                        Math.ceilDiv(out.rows(), 32),
                        Math.ceilDiv(c.out(), 32),
                        out.batch(),
                        128,
                        c.kernelH() * columns * (c.in() + 1) * Float.BYTES);
        if (!fused) {
            gemm.finish(out, epilogue, out);
        }
    }
}
