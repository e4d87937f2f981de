package dev.skald.cuda;

import dev.skald.cuda.CudaWeights.Type;
import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.Kernel;
import dev.skald.cuda.driver.Stream;
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

    private final Stream stream;
    private final Kernel kernel;

    Elementwise(Context context, Stream stream) {
        this.stream = stream;
        kernel = context.kernel("elementwise");
    }

    void copy(CudaTensor from, CudaTensor to) {
        run(COPY, from, null, null, Activation.NONE, 0, 0, Type.F32, to);
    }

    /** Copies into dense memory of another type, at {@code to}. */
    void convert(CudaTensor from, Type type, long to) {
        CudaTensor dense = CudaTensor.dense(to, from.batch(), from.rows(), from.cols());
        run(COPY, from, null, null, Activation.NONE, 0, 0, type, dense);
    }

    void activate(CudaTensor x, Activation activation, CudaTensor out) {
        run(ACTIVATE, x, null, null, activation, 0, 0, Type.F32, out);
    }

    void scale(CudaTensor x, float factor, float offset, CudaTensor out) {
        run(SCALE, x, null, null, Activation.NONE, factor, offset, Type.F32, out);
    }

    void clamp(CudaTensor x, float low, float high, CudaTensor out) {
        run(CLAMP, x, null, null, Activation.NONE, low, high, Type.F32, out);
    }

    void fill(CudaTensor x, float value) {
        run(FILL, x, null, null, Activation.NONE, value, 0, Type.F32, x);
    }

    void affine(
            CudaTensor x, CudaTensor scale, CudaTensor shift, Activation after, CudaTensor out) {
        run(AFFINE, x, broadcast(scale, x), broadcast(shift, x), after, 0, 0, Type.F32, out);
    }

    /** An op of two tensors, the second repeated where it has one batch or one row. */
    void pair(int op, Tensor a, Tensor b, float factor, Tensor out) {
        CudaTensor x = CudaTensor.of(a);
        run(
                op,
                x,
                broadcast(CudaTensor.of(b), x),
                null,
                Activation.NONE,
                factor,
                0,
                Type.F32,
                same(x, out));
    }

    void lerp(Tensor a, Tensor b, Tensor weight, Tensor out) {
        CudaTensor x = CudaTensor.of(a);
        CudaTensor y = broadcast(CudaTensor.of(b), x);
        CudaTensor z = broadcast(CudaTensor.of(weight), x);
        run(LERP, x, y, z, Activation.NONE, 0, 0, Type.F32, same(x, out));
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
        return new CudaTensor(
                b.address(),
                x.batch(),
                x.rows(),
                x.cols(),
                b.batch() == 1 ? 0 : b.batchStride(),
                b.rows() == 1 ? 0 : b.rowStride(),
                null);
    }

    private void run(
            int op,
            CudaTensor x,
            @Nullable CudaTensor y,
            @Nullable CudaTensor z,
            Activation activation,
            float a,
            float b,
            Type outType,
            CudaTensor out) {
        stream.begin();
        place(x);
        place(y);
        place(z);
        place(out);
        Tensor alpha = activation.alpha();
        stream.add(alpha == null ? 0L : CudaTensor.of(alpha).address())
                .add(0L)
                .add(x.valid())
                .add(0L)
                .add(x.batch())
                .add(x.rows())
                .add(x.cols())
                .add(0)
                .add(op)
                .add(activation.kind().ordinal())
                .add(0)
                .add(0)
                .add(outType.ordinal())
                .add(a)
                .add(b)
                .add(activation.parameter());
        int blocks =
                Math.toIntExact(Math.ceilDiv((long) x.rows() * Math.ceilDiv(x.cols(), 4), 256L));
        stream.launch(kernel, blocks, x.batch(), 1, 256, 0);
    }

    private void place(@Nullable CudaTensor t) {
        if (t == null) {
            stream.add(0L).add(0L).add(0L);
        } else {
            stream.add(t.address()).add(t.batchStride()).add(t.rowStride());
        }
    }
}
