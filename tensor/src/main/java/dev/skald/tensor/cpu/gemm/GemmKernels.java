package dev.skald.tensor.cpu.gemm;

import dev.skald.tensor.cpu.jit.Lanes;

/** Products of a few rows with one panel of a packed matrix, with vectors or without. */
public final class GemmKernels {
    /** Columns of a panel without vectors. */
    private static final int SCALAR_PANEL = 8;

    private final boolean vectors;
    private final int rows;
    private final int panel;

    public GemmKernels(boolean vectors) {
        this.vectors = vectors;
        rows = vectors ? BlockProduct.Simd.ROWS : 1;
        panel = vectors ? 2 * Lanes.N : SCALAR_PANEL;
    }

    /** Rows a kernel works on at once; fewer than that in one op take a slower way. */
    public int rows() {
        return rows;
    }

    /** Columns of a panel. */
    public int panel() {
        return panel;
    }

    /**
     * {@code c[i][j] = sum over runs r and k: a[i][r][k] * w[r][k][j]}, overwriting c, for all
     * columns j of one panel. Each value is summed in the order of r and k.
     *
     * @param wo index of the panel's first value
     * @param c rows of {@link #panel} values from index co
     */
    public void product(RowBlock a, float[] w, int wo, float[] c, int co) {
        if (!vectors) {
            exact(a, w, wo, c, co);
        } else if (a.count() < rows) {
            fewRows(a, w, wo, c, co);
        } else {
            manyRows(a, w, wo, c, co);
        }
    }

    private void fewRows(RowBlock a, float[] w, int wo, float[] c, int co) {
        boolean compiled = RowProduct.Simd.KERNEL.awaitReady();
        for (int i = 0; i < a.count(); i++) {
            int at = a.offset() + i * a.stride();
            int to = co + i * panel;
            if (compiled) {
                RowProduct.Simd.simd(a.data(), at, a.runs(), a.runStep(), a.k(), w, wo, c, to);
            } else {
                RowProduct.scalar(a.data(), at, a.runs(), a.runStep(), a.k(), w, wo, c, to, panel);
            }
        }
    }

    private void manyRows(RowBlock a, float[] w, int wo, float[] c, int co) {
        float[] x = a.data();
        int runs = a.runs();
        int step = a.runStep();
        if (!BlockProduct.Simd.KERNEL.awaitReady()) {
            for (int i = 0; i < a.count(); i++) {
                int at = a.offset() + i * a.stride();
                BlockProduct.scalar(x, at, runs, step, a.k(), w, wo, c, co + i * panel, panel);
            }
            return;
        }
        for (int i = 0; i < a.count(); i += rows) {
            // The last block is moved up to be whole: some rows are computed twice, to the same
            // values.
            int from = Math.min(i, a.count() - rows);
            int at = a.offset() + from * a.stride();
            BlockProduct.Simd.run(
                    x, at, a.stride(), runs, step, a.k(), w, wo, c, co + from * panel);
        }
    }

    private static void exact(RowBlock a, float[] w, int wo, float[] c, int co) {
        for (int i = 0; i < a.count(); i++) {
            float c0 = 0;
            float c1 = 0;
            float c2 = 0;
            float c3 = 0;
            float c4 = 0;
            float c5 = 0;
            float c6 = 0;
            float c7 = 0;
            int p = wo;
            for (int r = 0; r < a.runs(); r++) {
                int from = a.offset() + i * a.stride() + r * a.runStep();
                for (int x = from; x < from + a.k(); x++, p += 8) {
                    float v = a.data()[x];
                    c0 += v * w[p];
                    c1 += v * w[p + 1];
                    c2 += v * w[p + 2];
                    c3 += v * w[p + 3];
                    c4 += v * w[p + 4];
                    c5 += v * w[p + 5];
                    c6 += v * w[p + 6];
                    c7 += v * w[p + 7];
                }
            }
            int o = co + i * 8;
            c[o] = c0;
            c[o + 1] = c1;
            c[o + 2] = c2;
            c[o + 3] = c3;
            c[o + 4] = c4;
            c[o + 5] = c5;
            c[o + 6] = c6;
            c[o + 7] = c7;
        }
    }

    /**
     * {@link #product} of few rows with quantized weights as they lie, scales left out; returns
     * false if it cannot.
     */
    public boolean quantizedProduct(RowBlock a, Quantized w, int wo, float[] c) {
        if (!vectors || a.count() >= rows) {
            return false;
        }
        short[] bf16 = w.bf16();
        byte[] int8 = w.int8();
        int work = a.count() * a.k() * panel;
        boolean compiled =
                bf16 != null
                        ? QuantizedProduct.Bf16Row.KERNEL.isReady(work)
                        : QuantizedProduct.Int8Row.KERNEL.isReady(work);
        if (!compiled) {
            return false;
        }
        for (int i = 0; i < a.count(); i++) {
            int at = a.offset() + i * a.stride();
            if (bf16 != null) {
                QuantizedProduct.Bf16Row.simd(a.data(), at, a.k(), bf16, wo, c, i * panel);
            } else if (int8 != null) {
                QuantizedProduct.Int8Row.simd(a.data(), at, a.k(), int8, wo, c, i * panel);
            }
        }
        return true;
    }

    /** Quantized weights {@code from ... from + n - 1} as floats, scales left out. */
    public void unpack(Quantized w, int from, int n, float[] to) {
        short[] bf16 = w.bf16();
        byte[] int8 = w.int8();
        if (vectors
                && n % Lanes.N == 0
                && bf16 != null
                && QuantizedProduct.Bf16Unpack.KERNEL.isReady(n)) {
            QuantizedProduct.Bf16Unpack.simd(bf16, from, to, n);
        } else if (vectors
                && n % Lanes.N == 0
                && int8 != null
                && QuantizedProduct.Int8Unpack.KERNEL.isReady(n)) {
            QuantizedProduct.Int8Unpack.simd(int8, from, to, n);
        } else {
            w.unpack(from, n, to);
        }
    }

    float dot(float[] a, int ao, float[] b, int bo, int n) {
        if (!vectors) {
            return DotProduct.exact(a, ao, b, bo, n);
        }
        return DotProduct.Simd.KERNEL.isReady(n)
                ? DotProduct.Simd.simd(a, ao, b, bo, n)
                : DotProduct.scalar(a, ao, b, bo, n);
    }

    /** Requests the kernel of every product. */
    public static void prepare() {
        BlockProduct.Simd.KERNEL.request();
    }

    /** Requests the kernels of decoding with bfloat16 weights. */
    public static void prepareSpeech() {
        QuantizedProduct.Bf16Row.KERNEL.request();
        QuantizedProduct.Bf16Unpack.KERNEL.request();
        RowProduct.Simd.KERNEL.request();
    }
}
