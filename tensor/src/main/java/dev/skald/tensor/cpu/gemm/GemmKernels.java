package dev.skald.tensor.cpu.gemm;

import dev.skald.tensor.cpu.jit.JitKernel;
import dev.skald.tensor.cpu.jit.Lanes;
import java.util.Arrays;

/** Products of a few rows with one panel of a packed matrix, with vectors or without. */
public final class GemmKernels {
    /** Columns of a panel without vectors. */
    private static final int SCALAR_PANEL = 8;

    /** Panels of quantized weights that are computed side by side. */
    public static final int PANELS = 4;

    /** Values of each of their columns that are unpacked at once: 16 KB of floats in all. */
    private static final int STRIP = 32;

    /** Up to so many rows unpack strips; more unpack a whole panel and go over it again. */
    private static final int STREAMED = 24;

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
        if (!RowProduct.One.KERNEL.awaitReady()) {
            scalarRows(a, w, wo, c, co);
            return;
        }
        Arrays.fill(c, co, co + a.count() * panel, 0);
        boolean four = a.count() >= 4 && RowProduct.Four.KERNEL.isReady(a.count() * a.k() * panel);
        for (int t = 0; t < a.runs(); t++) {
            int at = a.offset() + t * a.runStep();
            int p = wo + t * a.k() * panel;
            int i = 0;
            for (; four && i + 4 <= a.count(); i += 4) {
                four(a, at, i, a.k(), w, p, c, co + i * panel, panel);
            }
            for (; i < a.count(); i++) {
                RowProduct.One.simd(a.data(), at + i * a.stride(), a.k(), w, p, c, co + i * panel);
            }
        }
    }

    /**
     * Rows i to i + 3 of a block that has at least one of them; the last takes the others' place.
     */
    private static void four(
            RowBlock a, int at, int i, int k, float[] w, int wo, float[] c, int co, int ldc) {
        int s = a.stride();
        int last = a.count() - 1 - i;
        RowProduct.Four.simd(
                a.data(),
                at + i * s,
                Math.min(1, last) * s,
                Math.min(2, last) * s,
                Math.min(3, last) * s,
                k,
                w,
                wo,
                c,
                co,
                ldc);
    }

    private void scalarRows(RowBlock a, float[] w, int wo, float[] c, int co) {
        for (int i = 0; i < a.count(); i++) {
            int at = a.offset() + i * a.stride();
            int to = co + i * panel;
            BlockProduct.scalar(a.data(), at, a.runs(), a.runStep(), a.k(), w, wo, c, to, panel);
        }
    }

    private void manyRows(RowBlock a, float[] w, int wo, float[] c, int co) {
        float[] x = a.data();
        int runs = a.runs();
        int step = a.runStep();
        if (!BlockProduct.Simd.KERNEL.awaitReady()) {
            scalarRows(a, w, wo, c, co);
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

    /** Whether rows are so few that {@link #quantizedProduct} is the way. */
    public boolean streams(RowBlock a) {
        return vectors && a.count() <= STREAMED && a.runs() == 1;
    }

    /** How many values a tile of {@link #quantizedProduct} takes. */
    public int tile(int count) {
        return (count + 3) / 4 * 4 * PANELS * panel;
    }

    /** How many values {@link #quantizedProduct} unpacks at once. */
    public int strip() {
        return STRIP * PANELS * panel;
    }

    /**
     * {@link #product} of few rows with up to {@link #PANELS} panels of quantized weights, scales
     * left out: the weights are read and unpacked once for all rows.
     *
     * @param wo index of the first panel's first value
     * @param step from one panel to the next
     * @param c rows of {@link #PANELS} panels side by side, {@link #tile} values
     * @param strip room for {@link #strip} values
     */
    public void quantizedProduct(
            RowBlock a, Quantized w, int wo, int step, int panels, float[] c, float[] strip) {
        short[] bf16 = w.bf16();
        JitKernel kernel =
                bf16 != null ? QuantizedProduct.Bf16Row.KERNEL : QuantizedProduct.Int8Row.KERNEL;
        if (a.count() > 1 || !kernel.isReady(a.k() * panel * panels)) {
            stripProduct(a, w, wo, step, panels, c, strip);
            return;
        }
        byte[] int8 = w.int8();
        for (int p = 0; p < panels; p += 2) {
            int w0 = wo + p * step;
            int w1 = p + 1 < panels ? w0 + step : w0;
            int co = p * panel;
            if (bf16 != null) {
                QuantizedProduct.Bf16Row.simd(a.data(), a.offset(), a.k(), bf16, w0, w1, c, co);
            } else if (int8 != null) {
                QuantizedProduct.Int8Row.simd(a.data(), a.offset(), a.k(), int8, w0, w1, c, co);
            }
        }
    }

    private void stripProduct(
            RowBlock a, Quantized w, int wo, int step, int panels, float[] c, float[] strip) {
        boolean four = RowProduct.Four.KERNEL.awaitReady();
        boolean unpacked = unpackKernel(w).isReady(a.k() * panel * panels);
        int ldc = PANELS * panel;
        Arrays.fill(c, 0, tile(a.count()), 0);
        for (int x = 0; x < a.k(); x += STRIP) {
            int k = Math.min(STRIP, a.k() - x);
            int n = k * panel;
            int from = wo + x * panel;
            if (unpacked) {
                int w1 = from + Math.min(1, panels - 1) * step;
                int w2 = from + Math.min(2, panels - 1) * step;
                int w3 = from + Math.min(3, panels - 1) * step;
                unpackFour(w, from, w1, w2, w3, strip, n);
            } else {
                for (int p = 0; p < panels; p++) {
                    w.unpack(from + p * step, n, strip, p * n);
                }
            }
            int at = a.offset() + x;
            for (int p = 0; p < panels; p++) {
                int co = p * panel;
                for (int i = 0; four && i < a.count(); i += 4) {
                    four(a, at, i, k, strip, p * n, c, co + i * ldc, ldc);
                }
                for (int i = 0; !four && i < a.count(); i++) {
                    int row = at + i * a.stride();
                    BlockProduct.add(a.data(), row, k, strip, p * n, c, co + i * ldc, panel);
                }
            }
        }
    }

    private static JitKernel unpackKernel(Quantized w) {
        return w.bf16() != null
                ? QuantizedProduct.Bf16Unpack.KERNEL
                : QuantizedProduct.Int8Unpack.KERNEL;
    }

    private static void unpackFour(Quantized w, int w0, int w1, int w2, int w3, float[] to, int n) {
        short[] bf16 = w.bf16();
        byte[] int8 = w.int8();
        if (bf16 != null) {
            QuantizedProduct.Bf16Unpack.simd(bf16, w0, w1, w2, w3, to, n);
        } else if (int8 != null) {
            QuantizedProduct.Int8Unpack.simd(int8, w0, w1, w2, w3, to, n);
        }
    }

    /** Quantized weights {@code from ... from + n - 1} as floats, scales left out. */
    public void unpack(Quantized w, int from, int n, float[] to) {
        int done = 0;
        if (vectors && unpackKernel(w).isReady(n)) {
            int run = n / 4 / Lanes.N * Lanes.N;
            unpackFour(w, from, from + run, from + 2 * run, from + 3 * run, to, run);
            done = 4 * run;
        }
        w.unpack(from + done, n - done, to, done);
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
        RowProduct.One.KERNEL.request();
        RowProduct.Four.KERNEL.request();
    }
}
