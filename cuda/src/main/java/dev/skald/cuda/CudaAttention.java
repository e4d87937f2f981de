package dev.skald.cuda;

import dev.skald.tensor.Ops;

/** The kernels of {@code attention.cu} and {@code attention_wgmma.cu}. */
final class CudaAttention {
    /** Head dimension up to which the exact kernel takes 64 queries a block; above it 32. */
    private static final int LARGE = 128;

    /** Bytes of shared memory of the kernel for Hopper. */
    private static final int WGMMA_SHARED = 82_048;

    private final Launcher launcher;
    private final DeviceArena arena;
    private final Elementwise elementwise;

    CudaAttention(Launcher launcher, DeviceArena arena, Elementwise elementwise) {
        this.launcher = launcher;
        this.arena = arena;
        this.elementwise = elementwise;
    }

    /** Operands of a kernel, of one type. */
    private record Operands(CudaTensor q, CudaTensor k, CudaTensor v) {
        /** Whether tensor cores can have them. */
        boolean halves(int d) {
            return d == 64 && q.isOperand() && k.isOperand() && v.isOperand();
        }
    }

    private Operands floats(Operands o) {
        return new Operands(
                elementwise.floats(o.q), elementwise.floats(o.k), elementwise.floats(o.v));
    }

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

    /**
     * softmax(scale q k^T) v: on tensor cores for operands of 16 bits and heads of 64, else exact.
     */
    void plain(
            CudaTensor q,
            CudaTensor k,
            CudaTensor v,
            int heads,
            float scale,
            boolean causal,
            CudaTensor out) {
        int d = q.cols() / heads;
        Operands o = new Operands(q, k, v);
        try (Ops.Scope scope = arena.scope()) {
            if (o.halves(d) && !causal && launcher.hopper()) {
                wgmma(o, heads, scale, out, false);
                return;
            }
            if (o.halves(d)) {
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
                    floats(o),
                    heads,
                    scale,
                    causal,
                    Hook.NONE,
                    out);
        }
    }

    /**
     * Attention on Hopper; its operands are of 16 bits.
     *
     * @param out (B,T,H*64); or, {@code tiled}, as {@code transformer.cu} reads it
     */
    void wgmma(
            CudaTensor q,
            CudaTensor k,
            CudaTensor v,
            int heads,
            float scale,
            CudaTensor out,
            boolean tiled) {
        wgmma(new Operands(q, k, v), heads, scale, out, tiled);
    }

    private void wgmma(Operands o, int heads, float scale, CudaTensor out, boolean tiled) {
        launch(
                "attention_f16_64_wgmma",
                128,
                384,
                WGMMA_SHARED,
                o,
                heads,
                scale,
                false,
                Hook.NONE,
                out,
                tiled);
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
                "attention_f32_shaw",
                8,
                128,
                (136 * ((d + 3) / 4 * 4 + 4) + 256 + 16 * relK.rows()) * Float.BYTES,
                floats(new Operands(q, k, v)),
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
            CudaTensor out) {
        int d = q.cols() / heads;
        Operands o = new Operands(q, k, v);
        try (Ops.Scope scope = arena.scope()) {
            boolean cores = o.halves(d) && p.isOperand();
            CudaTensor positions = cores ? p : elementwise.floats(p);
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
                int shared = 1024 * d + 8 * 16 * 52 * Float.BYTES;
                launch("attention_f16_64_xl", 64, 256, shared, o, heads, scale, false, hook, out);
            } else {
                int row = (d + 3) / 4 * 4 + 4;
                launch(
                        "attention_f32_128_xl",
                        64,
                        256,
                        exact(d, 64, (2 * 64 + 31) * row),
                        floats(o),
                        heads,
                        scale,
                        false,
                        hook,
                        out);
            }
        }
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
        launch(kernel, queries, threads, shared, o, heads, scale, causal, hook, out, false);
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
            CudaTensor out,
            boolean tiled) {
        int d = o.q.cols() / heads;
        launcher.begin()
                .place(o.q)
                .place(o.k)
                .add((long) d)
                .place(o.v)
                .add((long) d)
                .place(out)
                .add(hook.positions)
                .add(hook.positionsRow)
                .add(hook.relativeValues)
                .add(hook.biasU)
                .add(hook.biasV)
                .add(o.q.valid())
                .add(o.k.valid())
                .add(o.q.batch())
                .add(heads)
                .add(d)
                .add(o.q.rows())
                .add(o.k.rows())
                .add(out.type().ordinal())
                .add(causal ? 1 : 0)
                .add(hook.window)
                .add(hook.center)
                .add(hook.positionRows)
                .add(scale)
                .add(tiled ? 1 : 0)
                .launch(
                        kernel,
                        Math.ceilDiv(o.q.rows(), queries),
                        heads,
                        o.q.batch(),
                        threads,
                        shared);
    }
}
