package dev.skald.cuda;

import static dev.skald.cuda.Transformer.address;
import static dev.skald.cuda.Transformer.bias;
import static dev.skald.cuda.Transformer.is;
import static dev.skald.cuda.Transformer.isFloats;

import dev.skald.cuda.CudaWeights.CudaConv1d;
import dev.skald.cuda.CudaWeights.Matrix;
import dev.skald.cuda.CudaWeights.Type;
import dev.skald.tensor.Activation.Kind;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.ResidualBlock;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.TransformerLayer;
import org.jspecify.annotations.Nullable;

/** Residual blocks of the flow's estimator on Hopper: {@code resnet.cu}. */
final class Resnet {
    /** The widths that the kernels have. */
    private static final int CHANNELS = 256;

    private static final int QKV = 1536;
    private static final int LEAST_IN = 128;
    private static final int MOST_IN = 512;
    private static final int TAPS = 3;

    /** Rows of a tile. */
    private static final int TILE = 64;

    /** Columns of queries, keys and values that are made together. */
    private static final int GROUP = 256;

    /** Bytes of shared memory of the two kernels. */
    private static final int SHARED_CONV = 172_128;

    private static final int SHARED_END = 210_016;

    private final Launcher launcher;
    private final DeviceArena arena;

    Resnet(Launcher launcher, DeviceArena arena) {
        this.launcher = launcher;
        this.arena = arena;
    }

    /** Whether the kernels are for this card and this block: a question of the block alone. */
    boolean fits(
            CudaTensor x,
            ResidualBlock w,
            CudaTensor more,
            CudaTensor out,
            TransformerLayer.@Nullable Next next,
            @Nullable Tensor nextQkv) {
        return launcher.hopper()
                && x.isOperand()
                && x.cols() % 64 == 0
                && x.cols() >= LEAST_IN
                && x.cols() <= MOST_IN
                && isConvolution(w.conv1(), x.cols())
                && isConvolution(w.conv2(), CHANNELS)
                && w.activation().kind() == Kind.MISH
                && is(w.map(), x.cols(), CHANNELS, true)
                && isAligned(w.norm1())
                && isAligned(w.norm2())
                && isAligned(more)
                && (out.isOperand() || isFloats(out))
                && (next == null
                        || is(next.qkv(), CHANNELS, QKV, false) && isAligned(next.norm()))
                && (nextQkv == null || CudaTensor.of(nextQkv).isOperand());
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

    /**
     * @param norms gamma and beta of both norms, then of the next one, which may be missing
     */
    void run(
            CudaTensor x,
            ResidualBlock w,
            CudaTensor more,
            CudaTensor out,
            TransformerLayer.@Nullable Next next,
            @Nullable CudaTensor nextQkv,
            CudaTensor... norms) {
        int tiles = Math.ceilDiv(x.rows(), TILE);
        int groups = QKV / GROUP;
        int share = Math.ceilDiv(groups * tiles * x.batch(), launcher.multiprocessors());
        try (Ops.Scope scope = arena.scope()) {
            CudaTensor h = arena.tensor(Type.F16, x.batch(), x.rows(), CHANNELS);
            for (boolean first : new boolean[] {true, false}) {
                boolean goes = !first && next != null;
                Matrix m = matrix(first ? w.conv1() : w.conv2());
                launcher.begin()
                        .place(first ? x : h)
                        .place(x)
                        .place(first ? h : out)
                        .place(goes ? nextQkv : null)
                        .add(m.address())
                        .add(m.bias())
                        .add(norms[first ? 0 : 2].address())
                        .add(norms[first ? 1 : 3].address())
                        .add(first ? more.address() : 0)
                        .add(more.batch() == 1 ? 0 : more.batchStride())
                        .add(address(w.map()))
                        .add(bias(w.map()))
                        .add(goes ? norms[4].address() : 0)
                        .add(goes ? norms[5].address() : 0)
                        .add(goes ? address(next.qkv()) : 0)
                        .add(x.valid())
                        .overflow()
                        .add(x.batch())
                        .add(x.rows())
                        .add(first ? x.cols() : CHANNELS)
                        .add(x.cols())
                        .add(first ? Type.F16.ordinal() : out.type().ordinal())
                        .add(first ? w.norm1().eps() : w.norm2().eps())
                        .add(goes ? next.norm().eps() : 0)
                        .add(share);
                if (first) {
                    launcher.launch("resnet_conv_f16", 1, tiles, x.batch(), 384, SHARED_CONV);
                } else {
                    int blocks = next == null ? 1 : Math.ceilDiv(groups, share);
                    launcher.launch("resnet_end_f16", blocks, tiles, x.batch(), 384, SHARED_END);
                }
            }
        }
    }
}
