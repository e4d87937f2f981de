package dev.skald.cuda;

import dev.skald.cuda.CudaWeights.Type;
import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.Stream;
import dev.skald.tensor.Ops;
import org.jspecify.annotations.Nullable;

/** The kernels of {@code attention.cu}. */
final class CudaAttention {
    /** Head dimension up to which the exact kernel takes 64 queries a block; above it 32. */
    private static final int LARGE = 128;

    private final Context context;
    private final Stream stream;
    private final DeviceArena arena;
    private final Elementwise elementwise;

    CudaAttention(Context context, Stream stream, DeviceArena arena, Elementwise elementwise) {
        this.context = context;
        this.stream = stream;
        this.arena = arena;
        this.elementwise = elementwise;
    }

    /** Operands of a kernel, of one type. */
    private record Operands(CudaTensor q, CudaTensor k, CudaTensor v) {}

    /** What a hook adds to the scores. */
    private record Hook(
            long positions,
            long positionsRow,
            long relativeValues,
            long biasU,
            long biasV,
            int window,
            int center,
            int positionRows) {
        static final Hook NONE = new Hook(0, 0, 0, 0, 0, 0, 0, 0);
    }

    /** softmax(scale q k^T) v; {@code halves}: on tensor cores where the head dimension is 64. */
    void plain(
            CudaTensor q,
            CudaTensor k,
            CudaTensor v,
            int heads,
            float scale,
            boolean causal,
            boolean halves,
            CudaTensor out) {
        int d = q.cols() / heads;
        try (Ops.Scope scope = arena.scope()) {
            if (halves && d == 64) {
                Operands o = halves(q, k, v);
                launch(
                        "attention_f16_64",
                        64,
                        256,
                        1152 * d,
                        o,
                        heads,
                        scale,
                        causal,
                        Hook.NONE,
                        out);
                return;
            }
            int queries = d <= LARGE ? 64 : 32;
            launch(
                    d <= LARGE ? "attention_f32_128" : "attention_f32_256",
                    queries,
                    256,
                    exact(d, queries, 0),
                    new Operands(q, k, v),
                    heads,
                    scale,
                    causal,
                    Hook.NONE,
                    out);
        }
    }

    /** Bytes of shared memory of the exact kernels; {@code more} floats of a hook. */
    private static int exact(int d, int queries, int more) {
        int row = (d + 3) / 4 * 4 + 4;
        return ((queries + 64) * row + queries * 35 + more) * Float.BYTES;
    }

    void shaw(
            CudaTensor q,
            CudaTensor k,
            CudaTensor v,
            int heads,
            float scale,
            CudaTensor relK,
            CudaTensor relV,
            CudaTensor out) {
        int d = q.cols() / heads;
        int window = relK.rows() / 2;
        Hook hook = new Hook(relK.address(), relK.rowStride(), relV.address(), 0, 0, window, 0, 0);
        launch(
                "attention_f32_128_shaw",
                64,
                256,
                exact(d, 64, 2 * 64 * relK.rows()),
                new Operands(q, k, v),
                heads,
                scale,
                false,
                hook,
                out);
    }

    void transformerXl(
            CudaTensor q,
            CudaTensor k,
            CudaTensor v,
            CudaTensor p,
            CudaTensor biasU,
            CudaTensor biasV,
            int heads,
            float scale,
            boolean halves,
            CudaTensor out) {
        int d = q.cols() / heads;
        try (Ops.Scope scope = arena.scope()) {
            boolean cores = halves && d == 64;
            CudaTensor positions = cores ? half(p) : p;
            Hook hook =
                    new Hook(
                            positions.address(),
                            positions.rowStride(),
                            0,
                            biasU.address(),
                            biasV.address(),
                            0,
                            q.rows() - 1,
                            p.rows());
            if (cores) {
                int shared = 640 * d + 512 * d + 4 * 16 * 84 * Float.BYTES;
                launch(
                        "attention_f16_64_xl",
                        64,
                        128,
                        shared,
                        halves(q, k, v),
                        heads,
                        scale,
                        false,
                        hook,
                        out);
            } else {
                int row = (d + 3) / 4 * 4 + 4;
                launch(
                        "attention_f32_128_xl",
                        64,
                        256,
                        exact(d, 64, (2 * 64 + 31) * row),
                        new Operands(q, k, v),
                        heads,
                        scale,
                        false,
                        hook,
                        out);
            }
        }
    }

    private Operands halves(CudaTensor q, CudaTensor k, CudaTensor v) {
        return new Operands(half(q), half(k), half(v));
    }

    /** The same values in fp16, without gaps; strides are counted in halves. */
    private CudaTensor half(CudaTensor x) {
        long at = arena.allocate(x.size() * Short.BYTES);
        elementwise.convert(x, Type.F16, at);
        return new CudaTensor(
                at,
                x.batch(),
                x.rows(),
                x.cols(),
                (long) x.rows() * x.cols(),
                x.cols(),
                x.lengths());
    }

    private void launch(
            String kernel,
            int queries,
            int threads,
            int shared,
            Operands o,
            int heads,
            float scale,
            boolean causal,
            Hook hook,
            CudaTensor out) {
        int d = o.q.cols() / heads;
        stream.begin().add(o.q.address()).add(o.q.batchStride()).add(o.q.rowStride());
        stream.add(o.k.address()).add(o.k.batchStride()).add(o.k.rowStride()).add((long) d);
        stream.add(o.v.address()).add(o.v.batchStride()).add(o.v.rowStride()).add((long) d);
        stream.add(out.address()).add(out.batchStride()).add(out.rowStride());
        stream.add(hook.positions)
                .add(hook.positionsRow)
                .add(hook.relativeValues)
                .add(hook.biasU)
                .add(hook.biasV)
                .add(valid(o.q))
                .add(valid(o.k));
        stream.add(o.q.batch())
                .add(heads)
                .add(d)
                .add(o.q.rows())
                .add(o.k.rows())
                .add(0)
                .add(causal ? 1 : 0)
                .add(hook.window)
                .add(hook.center)
                .add(hook.positionRows)
                .add(scale)
                .add(0);
        stream.launch(
                context.kernel(kernel),
                Math.ceilDiv(o.q.rows(), queries),
                heads,
                o.q.batch(),
                threads,
                shared);
    }

    private static long valid(@Nullable CudaTensor t) {
        return t == null ? 0 : t.valid();
    }
}
