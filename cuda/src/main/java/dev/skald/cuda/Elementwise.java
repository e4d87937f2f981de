package dev.skald.cuda;

import dev.skald.cuda.CudaWeights.Type;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The kernel {@code elementwise} of {@code rows.cu}. */
final class Elementwise {
    /** Its ops, numbered as there. */
    private static final int COPY = 0;

    private static final int ACTIVATE = 1;
    private static final int SCALE = 2;
    private static final int CLAMP = 3;
    private static final int FILL = 4;
    static final int ADD = 5;
    static final int MUL = 6;
    static final int ADD_SCALED = 7;
    private static final int AFFINE = 8;
    private static final int LERP = 9;

    private final Launcher launcher;
    private final DeviceArena arena;

    Elementwise(Launcher launcher, DeviceArena arena) {
        this.launcher = launcher;
        this.arena = arena;
    }

    void copy(CudaTensor from, CudaTensor to) {
        run(COPY, from, null, null, Activation.NONE, 0, 0, to);
    }

    void activate(CudaTensor x, Activation activation, CudaTensor out) {
        run(ACTIVATE, x, null, null, activation, 0, 0, out);
    }

    /** x through an activation, as numbers of a type, without gaps, in the arena. */
    CudaTensor activated(CudaTensor x, Activation activation, Type type) {
        CudaTensor dense = arena.tensor(type, x.batch(), x.rows(), x.cols());
        if (x.lengths() != null) {
            dense = CudaTensor.of(dense.valid(x.lengths()));
        }
        activate(x, activation, dense);
        return dense;
    }

    /** x itself if it holds floats, else the same values as floats, in the arena. */
    CudaTensor floats(CudaTensor x) {
        return x.type() == Type.F32 ? x : activated(x, Activation.NONE, Type.F32);
    }

    void scale(CudaTensor x, float factor, float offset, CudaTensor out) {
        run(SCALE, x, null, null, Activation.NONE, factor, offset, out);
    }

    void clamp(CudaTensor x, float low, float high, CudaTensor out) {
        run(CLAMP, x, null, null, Activation.NONE, low, high, out);
    }

    void fill(CudaTensor x, float value) {
        run(FILL, x, null, null, Activation.NONE, value, 0, x);
    }

    void affine(
            CudaTensor x, CudaTensor scale, CudaTensor shift, Activation after, CudaTensor out) {
        run(AFFINE, x, broadcast(scale, x), broadcast(shift, x), after, 0, 0, out);
    }

    /** An op of two tensors, the second repeated where it has one batch or one row. */
    void pair(int op, Tensor a, Tensor b, float factor, Tensor out) {
        CudaTensor x = CudaTensor.of(a);
        CudaTensor y = broadcast(CudaTensor.of(b), x);
        run(op, x, y, null, Activation.NONE, factor, 0, same(x, out));
    }

    void lerp(Tensor a, Tensor b, Tensor weight, Tensor out) {
        CudaTensor x = CudaTensor.of(a);
        CudaTensor y = broadcast(CudaTensor.of(b), x);
        CudaTensor z = broadcast(CudaTensor.floats(weight), x);
        run(LERP, x, y, z, Activation.NONE, 0, 0, same(x, out));
    }

    private static CudaTensor same(CudaTensor x, Tensor out) {
        if (out.batch() != x.batch() || out.rows() != x.rows() || out.cols() != x.cols()) {
            throw new IllegalArgumentException(x + " and " + out + " are of different shapes");
        }
        return CudaTensor.of(out);
    }

    /** With strides of 0 where it is repeated. */
    private static CudaTensor broadcast(CudaTensor b, CudaTensor x) {
        boolean fits =
                b.cols() == x.cols()
                        && (b.batch() == x.batch() || b.batch() == 1)
                        && (b.rows() == x.rows() || b.rows() == 1);
        if (!fits) {
            throw new IllegalArgumentException(b + " cannot be repeated to " + x);
        }
        return b.strided(
                x.batch(),
                x.rows(),
                x.cols(),
                b.batch() == 1 ? 0 : b.batchStride(),
                b.rows() == 1 ? 0 : b.rowStride());
    }

    private void run(
            int op,
            CudaTensor x,
            @Nullable CudaTensor y,
            @Nullable CudaTensor z,
            Activation activation,
            float a,
            float b,
            CudaTensor out) {
        Tensor alpha = activation.alpha();
        launcher.begin()
                .place(x)
                .place(y)
                .place(z)
                .place(out)
                .add(alpha == null ? 0L : CudaTensor.floats(alpha).address())
                .add(0L)
                .add(x.valid())
                .overflow()
                .add(x.batch())
                .add(x.rows())
                .add(x.cols())
                .add(0)
                .add(op)
                .add(activation.kind().ordinal())
                .add(x.type().ordinal())
                .add(y == null ? 0 : y.type().ordinal())
                .add(out.type().ordinal())
                .add(a)
                .add(b)
                .add(activation.parameter())
                .over("elementwise", (long) x.rows() * Math.ceilDiv(x.cols(), 4), x.batch());
    }
}
