package dev.skald.cuda;

import dev.skald.cuda.CudaWeights.CudaConv1d;
import dev.skald.cuda.CudaWeights.CudaConvTranspose1d;
import dev.skald.cuda.CudaWeights.Matrix;
import dev.skald.cuda.CudaWeights.Type;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Activation.Kind;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.VocoderUnit;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Convolutions of 16-bit rows on Hopper: {@code conv_wgmma.cu}. */
final class WgmmaConvolutions {
    /** Activations that the kernels know. */
    private static final Set<Kind> ACTIVATIONS =
            EnumSet.of(Kind.NONE, Kind.RELU, Kind.LEAKY_RELU, Kind.SNAKE);

    /** Rows of a tile. */
    private static final int TILE = 128;

    /** Bytes of a stage of the ring of weights. */
    private static final int STAGE = 16_384;

    private static final int MOST_STAGES = 6;

    /** Shared memory that a block may have, and where two or three share a multiprocessor. */
    private static final int MOST_SHARED = 227 << 10;

    private static final int HALF_SHARED = 113 << 10;
    private static final int THIRD_SHARED = 75 << 10;

    private final Launcher launcher;
    private final DeviceArena arena;
    private final Elementwise elementwise;

    WgmmaConvolutions(Launcher launcher, DeviceArena arena, Elementwise elementwise) {
        this.launcher = launcher;
        this.arena = arena;
        this.elementwise = elementwise;
    }

    /**
     * What becomes of a product: {@code out = more + factor * (residual + scale * after(product))},
     * {@code next = activation(out)}.
     */
    private record End(
            Activation after,
            float scale,
            @Nullable CudaTensor residual,
            @Nullable CudaTensor more,
            float factor,
            CudaTensor out,
            Activation activation,
            @Nullable CudaTensor next) {}

    /** How the rows of x are read and those of out written: see {@code conv_wgmma.cu}. */
    private record Windows(int rows, int dilation, int pad, int up, int channels, int upPad) {}

    private boolean fits(Matrix m, int in, int dilation) {
        return launcher.hopper()
                && m.type() == Type.F16
                && m.taps() > 1
                && in % 32 == 0
                && m.columns() % 4 == 0
                && m.bias() % 16 == 0
                && shared(m, in, dilation, 2) <= MOST_SHARED;
    }

    private boolean fits(Conv1d w) {
        return w instanceof CudaConv1d c
                && c.taps() == 0
                && c.stride() == 1
                && c.groups().size() == 1
                && fits(c.groups().getFirst(), c.in(), c.dilation());
    }

    private static boolean fits(Activation a) {
        return ACTIVATIONS.contains(a.kind()) && (a.alpha() == null || Gemm.alpha(a) % 16 == 0);
    }

    /** Whether this is for the kernels: a question of the layer alone. */
    boolean fits(CudaConv1d c, Epilogue e, CudaTensor out) {
        return fits(c)
                && fits(e.activation())
                && Gemm.fours(out)
                && (e.residual() == null || Gemm.fours(CudaTensor.of(e.residual())));
    }

    boolean fits(CudaConvTranspose1d c, CudaTensor out) {
        return fits(c.matrix(), c.in(), 1) && c.out() % 4 == 0 && Gemm.fours(out);
    }

    boolean fits(CudaTensor x, List<List<VocoderUnit>> blocks, CudaTensor out) {
        return x.type() == Type.F32
                && out.type() == Type.F32
                && Gemm.fours(x)
                && Gemm.fours(out)
                && blocks.stream().allMatch(this::fits);
    }

    private boolean fits(List<VocoderUnit> units) {
        return units.stream()
                .allMatch(
                        u ->
                                fits(u.conv2())
                                        && fits(u.activation1())
                                        && fits(u.activation2())
                                        && (u.conv1() == null || fits(u.conv1())));
    }

    /**
     * @param x an operand
     */
    void conv1d(CudaTensor x, CudaConv1d c, int padLeft, Epilogue e, CudaTensor out) {
        CudaTensor residual = e.residual() == null ? null : CudaTensor.of(e.residual());
        End end = new End(e.activation(), e.scale(), residual, null, 1, out, Activation.NONE, null);
        conv(x, c, padLeft, end);
    }

    private void conv(CudaTensor x, Conv1d w, int padLeft, End end) {
        CudaConv1d c = (CudaConv1d) w;
        Windows windows = new Windows(end.out.rows(), c.dilation(), padLeft, 0, 0, 0);
        product(x, c.in(), c.groups().getFirst(), windows, end);
    }

    /**
     * @param x an operand
     */
    void convTranspose1d(CudaTensor x, CudaConvTranspose1d c, CudaTensor out) {
        int taps = c.matrix().taps();
        Windows windows =
                new Windows(x.rows() + taps - 1, 1, taps - 1, c.stride(), c.out(), c.padding());
        Activation none = Activation.NONE;
        product(x, c.in(), c.matrix(), windows, new End(none, 1, null, null, 1, out, none, null));
    }

    /** What a first convolution reads: x through an activation, for as many blocks as have it. */
    private record Activated(Activation activation, CudaTensor values) {}

    /** See {@link Ops#vocoderBlocks}. */
    void vocoderBlocks(
            CudaTensor x,
            List<List<VocoderUnit>> blocks,
            float scale,
            boolean add,
            int from,
            CudaTensor out) {
        try (Ops.Scope scope = arena.scope()) {
            List<Activated> made = new ArrayList<>();
            boolean more = add;
            for (List<VocoderUnit> units : blocks) {
                block(x, units, made, scale, more, from, out);
                more = true;
            }
        }
    }

    /** The stream of a block stays in fp32; what its convolutions read is fp16. */
    private void block(
            CudaTensor x,
            List<VocoderUnit> units,
            List<Activated> made,
            float scale,
            boolean add,
            int from,
            CudaTensor out) {
        CudaTensor read = activated(x, units.getFirst().first(), made);
        try (Ops.Scope scope = arena.scope()) {
            CudaTensor stream = x;
            CudaTensor own = like(x, Type.F32);
            CudaTensor[] free = {like(x, Type.F16), like(x, Type.F16)};
            int turn = 0;
            for (int i = 0; i < units.size(); i++) {
                VocoderUnit u = units.get(i);
                boolean last = i == units.size() - 1;
                Activation none = Activation.NONE;
                if (u.conv1() != null) {
                    CudaTensor between = free[turn];
                    turn = 1 - turn;
                    int pad = VocoderUnit.padding(u.conv1());
                    End end = new End(u.activation2(), 1, null, null, 1, between, none, null);
                    conv(read, u.conv1(), pad, end);
                    read = between;
                }
                int pad = VocoderUnit.padding(u.conv2());
                if (last) {
                    CudaTensor plus = CudaTensor.of(stream.rows(from, from + out.rows()));
                    CudaTensor more = add ? out : null;
                    End end = new End(none, 1, plus, more, scale, out, none, null);
                    conv(read, u.conv2(), pad - from, end);
                    return;
                }
                CudaTensor next = free[turn];
                turn = 1 - turn;
                Activation then = units.get(i + 1).first();
                conv(read, u.conv2(), pad, new End(none, 1, stream, null, 1, own, then, next));
                stream = own;
                read = next;
            }
        }
    }

    private CudaTensor activated(CudaTensor x, Activation activation, List<Activated> made) {
        for (Activated known : made) {
            if (known.activation.equals(activation)) {
                return known.values;
            }
        }
        Activated one = new Activated(activation, elementwise.activated(x, activation, Type.F16));
        made.add(one);
        return one.values;
    }

    private CudaTensor like(CudaTensor x, Type type) {
        CudaTensor t = arena.tensor(type, x.batch(), x.rows(), x.cols());
        return x.lengths() == null ? t : CudaTensor.of(t.valid(x.lengths()));
    }

    private static int shared(Matrix m, int in, int dilation, int stages) {
        int rows = Math.ceilDiv(TILE - 1 + (m.taps() - 1) * dilation, 8) * 8 + 1;
        return 1024 + stages * STAGE + in / 8 * 16 * rows;
    }

    /** How deep the ring is, so that what shares a multiprocessor fits there. */
    private static int stages(Matrix m, int in, int dilation, long blocks) {
        int most = MOST_SHARED;
        if (blocks > 2 && shared(m, in, dilation, 3) <= THIRD_SHARED) {
            most = THIRD_SHARED;
        } else if (blocks > 1 && shared(m, in, dilation, 2) <= HALF_SHARED) {
            most = HALF_SHARED;
        }
        int stages = MOST_STAGES;
        while (shared(m, in, dilation, stages) > most) {
            stages--;
        }
        return stages;
    }

    private void product(CudaTensor x, int in, Matrix m, Windows w, End end) {
        int tiles = Math.ceilDiv(w.rows, TILE);
        // both widths give the same bits
        boolean wide =
                m.padded() % 128 == 0
                        && (long) tiles * (m.padded() / 128) * x.batch()
                                >= launcher.multiprocessors();
        int columns = wide ? 128 : 64;
        long blocks = (long) tiles * (m.padded() / columns) * x.batch();
        int stages = stages(m, in, w.dilation, Math.ceilDiv(blocks, launcher.multiprocessors()));
        boolean up = w.up > 0;
        int bytes = Math.max(shared(m, in, w.dilation, stages), 1024 + 512 * (columns + 8));
        launcher.begin()
                .place(x)
                .add(m.address())
                .add(m.bias())
                .add(Gemm.alpha(end.after))
                .place(end.residual)
                .place(end.more)
                .place(end.out)
                .place(end.next)
                .add(Gemm.alpha(end.activation))
                .add(x.valid())
                .overflow()
                .add(x.batch())
                .add(x.rows())
                .add(w.rows)
                .add(in)
                .add(m.columns())
                .add(m.padded())
                .add(m.taps())
                .add(w.dilation)
                .add(w.pad)
                .add(kind(end.after))
                .add(end.residual == null ? 0 : end.residual.type().ordinal())
                .add(end.out.type().ordinal())
                .add(kind(end.activation))
                .add(w.up)
                .add(w.channels)
                .add(w.upPad)
                .add(up ? end.out.rows() : 0)
                .add(stages)
                .add(slope(end.after))
                .add(slope(end.activation))
                .add(end.scale)
                .add(end.factor)
                .launch(
                        wide ? "conv_f16_128" : "conv_f16_64",
                        m.padded() / columns,
                        tiles,
                        x.batch(),
                        288,
                        bytes);
    }

    private static int kind(Activation a) {
        return (a.kind() == Kind.RELU ? Kind.LEAKY_RELU : a.kind()).ordinal();
    }

    private static float slope(Activation a) {
        return a.kind() == Kind.RELU ? 0 : a.parameter();
    }
}
