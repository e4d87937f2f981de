package dev.skald.cuda;

import static dev.skald.cuda.Transformer.address;
import static dev.skald.cuda.Transformer.bias;
import static dev.skald.cuda.Transformer.is;
import static dev.skald.cuda.Transformer.isFloats;

import dev.skald.cuda.CudaWeights.CudaConv1d;
import dev.skald.cuda.CudaWeights.Matrix;
import dev.skald.cuda.CudaWeights.Type;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Activation.Kind;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.ResidualBlock;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.TransformerLayer;
import org.jspecify.annotations.Nullable;

/** Residual blocks and other convolutions of the flow's estimator on Hopper: {@code resnet.cu}. */
final class Resnet {
    /** The widths that the kernels have. */
    private static final int CHANNELS = 256;

    private static final int QKV = 1536;
    private static final int LEAST_IN = 128;
    private static final int MOST_IN = 512;
    private static final int TAPS = 3;

    /** Rows of a tile. */
    private static final int TILE = 64;

    /** Groups of columns of queries, keys and values. */
    private static final int GROUPS = 6;

    /** Bytes of shared memory of the two kernels. */
    private static final int SHARED_CONV = 188_528;

    private static final int SHARED_END = 226_416;

    private final Launcher launcher;

    /** A layer norm's vectors on the device. */
    record Norm(long gamma, long beta, float eps) {
        static final Norm NONE = new Norm(0, 0, 0);
    }

    Resnet(Launcher launcher) {
        this.launcher = launcher;
    }

    /** Whether the kernels are for this card and this block: a question of the block alone. */
    boolean fits(
            CudaTensor x,
            ResidualBlock w,
            Tensor more,
            CudaTensor out,
            TransformerLayer.@Nullable Next next,
            @Nullable Tensor nextQkv) {
        return fits(x, w.conv1(), w.norm1(), w.activation(), more, out)
                && isConvolution(w.conv2(), CHANNELS)
                && isAligned(w.norm2())
                && is(w.map(), x.cols(), CHANNELS, true)
                && (next == null || is(next.qkv(), CHANNELS, QKV, false) && isAligned(next.norm()))
                && (nextQkv == null || CudaTensor.of(nextQkv).isOperand());
    }

    /** The same of a convolution with a norm. */
    boolean fits(
            CudaTensor x,
            Conv1d w,
            TransformerLayer.Norm norm,
            Activation activation,
            @Nullable Tensor more,
            CudaTensor out) {
        return fits(x, w, TAPS - 1, 0, out)
                && isAligned(norm)
                && activation.kind() == Kind.MISH
                && (more == null || isAligned(CudaTensor.of(more)));
    }

    /** The same of a convolution alone. */
    boolean fits(CudaTensor x, Conv1d w, int padLeft, int padRight, CudaTensor out) {
        return launcher.hopper()
                && padLeft == TAPS - 1
                && padRight == 0
                && x.isOperand()
                && x.cols() % 64 == 0
                && x.cols() >= LEAST_IN
                && x.cols() <= MOST_IN
                && isConvolution(w, x.cols())
                && (out.isOperand() || isFloats(out));
    }

    private static boolean isConvolution(Conv1d conv, int in) {
        if (!(conv instanceof CudaConv1d c)
                || c.taps() != 0
                || c.groups().size() != 1
                || c.in() != in
                || c.out() != CHANNELS
                || c.kernel() != TAPS
                || c.stride() != 1
                || c.dilation() != 1) {
            return false;
        }
        Matrix m = matrix(c);
        return m.type() == Type.F16 && m.bias() != 0 && m.bias() % 16 == 0;
    }

    private static boolean isAligned(TransformerLayer.Norm norm) {
        return isAligned(CudaTensor.of(norm.gamma())) && isAligned(CudaTensor.of(norm.beta()));
    }

    /** Whether its rows can be copied 16 bytes at a time. */
    private static boolean isAligned(CudaTensor vectors) {
        return vectors.type() == Type.F32
                && vectors.address() % 16 == 0
                && (vectors.batch() == 1 || vectors.batchStride() % 4 == 0);
    }

    private static Matrix matrix(Conv1d conv) {
        return ((CudaConv1d) conv).groups().getFirst();
    }

    /** The convolution; with a norm, this and Mish; then {@code more}. */
    void convolve(
            CudaTensor x,
            Conv1d w,
            @Nullable Norm norm,
            @Nullable CudaTensor more,
            CudaTensor out) {
        Norm n = norm == null ? Norm.NONE : norm;
        arguments(x, null, out, null, matrix(w), n, more, null, null, Norm.NONE, 0)
                .launch("resnet_conv_f16", 1, tiles(x), x.batch(), 384, SHARED_CONV);
    }

    /**
     * What is behind the first convolution of a block, right behind {@link #convolve}.
     *
     * @param h what that gave
     * @param x what the block was given
     * @param map of the transformer that follows
     */
    void end(
            CudaTensor h,
            CudaTensor x,
            ResidualBlock w,
            Norm norm,
            CudaTensor out,
            @Nullable Linear map,
            Norm next,
            @Nullable CudaTensor qkv) {
        int tiles = tiles(x);
        // as many blocks a tile as multiprocessors are there for
        int share = Math.ceilDiv(GROUPS * tiles * x.batch(), launcher.multiprocessors());
        int blocks = map == null ? 1 : Math.ceilDiv(GROUPS, share);
        arguments(h, x, out, qkv, matrix(w.conv2()), norm, null, w.map(), map, next, share)
                .launch("resnet_end_f16", blocks, tiles, x.batch(), 384, SHARED_END);
    }

    private static int tiles(CudaTensor x) {
        return Math.ceilDiv(x.rows(), TILE);
    }

    /** The fields of {@code ResnetParams}. */
    private Launcher arguments(
            CudaTensor a,
            @Nullable CudaTensor x,
            CudaTensor out,
            @Nullable CudaTensor qkv,
            Matrix w,
            Norm norm,
            @Nullable CudaTensor more,
            @Nullable Linear residual,
            @Nullable Linear map,
            Norm next,
            int share) {
        return launcher.begin()
                .place(a)
                .place(x)
                .place(out)
                .place(qkv)
                .add(w.address())
                .add(w.bias())
                .add(norm.gamma)
                .add(norm.beta)
                .add(more == null ? 0 : more.address())
                .add(more == null || more.batch() == 1 ? 0 : more.batchStride())
                .add(residual == null ? 0 : address(residual))
                .add(residual == null ? 0 : bias(residual))
                .add(next.gamma)
                .add(next.beta)
                .add(map == null ? 0 : address(map))
                .add(a.valid())
                .overflow()
                .add(a.batch())
                .add(a.rows())
                .add(a.cols())
                .add(x == null ? 0 : x.cols())
                .add(out.type().ordinal())
                .add(norm.eps)
                .add(next.eps)
                .add(share);
    }
}
