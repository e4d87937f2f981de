package dev.skald.cuda;

import dev.skald.cuda.CudaWeights.CudaLinear;
import dev.skald.cuda.CudaWeights.Matrix;
import dev.skald.cuda.CudaWeights.Type;
import dev.skald.tensor.Activation.Kind;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.TransformerLayer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Transformer layers of the flow's estimator on Hopper: {@code transformer.cu}. */
final class Transformer {
    /** The widths that the kernel has. */
    private static final int CHANNELS = 256;

    private static final int INNER = 512;
    private static final int WIDE = 1024;
    private static final int HEAD = 64;

    /** Rows of a tile. */
    private static final int TILE = 64;

    /** Bytes of shared memory of the three kernels. */
    private static final int SHARED = 228_480;

    private static final int SHARED_UP = 222_320;
    private static final int SHARED_DOWN = 193_648;

    /** Blocks of a tile in the kernel that ends in the wide layer. */
    private static final int UP_BLOCKS = 4;

    /** Groups of columns of queries, keys and values. */
    private static final int GROUPS = 6;

    private static final List<String> ONE = List.of("transformer_f16");
    private static final List<String> TWO = List.of("transformer_up_f16", "transformer_down_f16");

    private final Launcher launcher;
    private final DeviceArena arena;
    private final CudaAttention attention;

    Transformer(Launcher launcher, DeviceArena arena, CudaAttention attention) {
        this.launcher = launcher;
        this.arena = arena;
        this.attention = attention;
    }

    /** Whether the kernel is for this card and this layer: a question of the layer alone. */
    boolean fits(
            CudaTensor qkv,
            TransformerLayer w,
            CudaTensor h,
            CudaTensor to,
            TransformerLayer.@Nullable Next next,
            @Nullable Tensor nextQkv) {
        return launcher.hopper()
                && w.heads() * HEAD == INNER
                && qkv.isOperand()
                && isFloats(h)
                && (to.isOperand() || isFloats(to))
                && is(w.out(), INNER, CHANNELS, true)
                && is(w.up(), CHANNELS, WIDE, true)
                && is(w.down(), WIDE, CHANNELS, true)
                && w.activation().kind() == Kind.GELU
                && (next == null || is(next.qkv(), CHANNELS, 3 * INNER, false))
                && (nextQkv == null || CudaTensor.of(nextQkv).isOperand());
    }

    static boolean isFloats(CudaTensor t) {
        return t.type() == Type.F32
                && t.address() % 16 == 0
                && t.rowStride() % 4 == 0
                && t.batchStride() % 4 == 0;
    }

    static boolean is(Linear linear, int in, int out, boolean bias) {
        return linear instanceof CudaLinear(int from, int columns, Matrix m)
                && from == in
                && columns == out
                && m.type() == Type.F16
                && m.bias() % 16 == 0
                && (m.bias() != 0) == bias;
    }

    /**
     * @param norms gamma and beta of the layer's norm, then of the next one's, which may be missing
     */
    void run(
            CudaTensor qkv,
            TransformerLayer w,
            CudaTensor h,
            CudaTensor to,
            TransformerLayer.@Nullable Next next,
            @Nullable CudaTensor nextQkv,
            CudaTensor... norms) {
        int tiles = Math.ceilDiv(h.rows(), TILE);
        try (Ops.Scope scope = arena.scope()) {
            CudaTensor mixed = arena.tensor(Type.F16, h.batch(), tiles * TILE, INNER);
            attention.wgmma(
                    CudaTensor.of(qkv.cols(0, INNER)),
                    CudaTensor.of(qkv.cols(INNER, 2 * INNER)),
                    CudaTensor.of(qkv.cols(2 * INNER, 3 * INNER)),
                    w.heads(),
                    w.scale(),
                    mixed,
                    true);
            int all = tiles * h.batch();
            int share = Math.ceilDiv(GROUPS * all, launcher.multiprocessors());
            // Few tiles leave multiprocessors idle; two kernels give the same bits then.
            boolean two = UP_BLOCKS * all <= launcher.multiprocessors();
            int between = tiles * TILE * UP_BLOCKS; // a matrix of each block
            CudaTensor parts = two ? arena.tensor(Type.F32, h.batch(), between, CHANNELS) : null;
            for (String kernel : two ? TWO : ONE) {
                launcher.begin()
                        .add(mixed.address())
                        .place(h)
                        .place(to)
                        .place(nextQkv)
                        .add(address(w.out()))
                        .add(bias(w.out()))
                        .add(norms[0].address())
                        .add(norms[1].address())
                        .add(address(w.up()))
                        .add(bias(w.up()))
                        .add(address(w.down()))
                        .add(bias(w.down()))
                        .add(next == null ? 0 : norms[2].address())
                        .add(next == null ? 0 : norms[3].address())
                        .add(next == null ? 0 : address(next.qkv()))
                        .add(h.valid())
                        .overflow()
                        .add(parts == null ? 0 : parts.address())
                        .add(h.batch())
                        .add(h.rows())
                        .add(to.type().ordinal())
                        .add(w.norm().eps())
                        .add(next == null ? 0 : next.norm().eps())
                        .add(share);
                switch (kernel) {
                    case "transformer_up_f16" ->
                            launcher.launch(kernel, UP_BLOCKS, tiles, h.batch(), 384, SHARED_UP);
                    case "transformer_down_f16" ->
                            launcher.launch(
                                    kernel,
                                    next == null ? 1 : Math.ceilDiv(GROUPS, share),
                                    tiles,
                                    h.batch(),
                                    384,
                                    SHARED_DOWN);
                    default -> launcher.launch(kernel, 1, tiles, h.batch(), 384, SHARED);
                }
            }
        }
    }

    static long address(Linear linear) {
        return ((CudaLinear) linear).matrix().address();
    }

    static long bias(Linear linear) {
        return ((CudaLinear) linear).matrix().bias();
    }
}
