package dev.skald.tensor.cpu.norm;

import dev.skald.tensor.cpu.memory.CpuTensor;

/** The norms of a row, with vectors or without. In place allowed. For any thread. */
public final class Norms {
    private final boolean vectors;

    public Norms(boolean vectors) {
        this.vectors = vectors;
    }

    /** y = (x - mean) / sqrt(variance + eps) * gamma + beta. */
    public void layerNorm(
            CpuTensor gamma,
            CpuTensor beta,
            float eps,
            float[] x,
            int xo,
            float[] y,
            int yo,
            int n) {
        if (vectors) {
            LayerNorm.vectors(gamma, beta, eps, x, xo, y, yo, n);
        } else {
            LayerNorm.exact(gamma, beta, eps, x, xo, y, yo, n);
        }
    }

    /** y = x / sqrt(mean(x^2) + eps) * gamma. */
    public void rmsNorm(CpuTensor gamma, float eps, float[] x, int xo, float[] y, int yo, int n) {
        double squares = vectors ? 0 : exactSquares(x, xo, n);
        float r =
                vectors
                        ? (float) (1 / Math.sqrt(RowSums.squares(x, xo, 0, n) / n + eps))
                        : (float) (1 / Math.sqrt(squares / n + eps));
        float[] g = gamma.data;
        int go = gamma.offset;
        for (int i = 0; i < n; i++) {
            y[yo + i] = x[xo + i] * r * g[go + i];
        }
    }

    private static double exactSquares(float[] x, int xo, int n) {
        double squares = 0;
        for (int i = 0; i < n; i++) {
            squares += (double) x[xo + i] * x[xo + i];
        }
        return squares;
    }

    /** y = softmax(scale x). */
    public void softmax(float[] x, int xo, float scale, float[] y, int yo, int n) {
        if (vectors) {
            Softmax.vectors(x, xo, scale, y, yo, n);
        } else {
            Softmax.exact(x, xo, scale, y, yo, n);
        }
    }

    /**
     * Scores of some rows become e^(scale (score - the row's maximum)). A row's scores lie a
     * panel's {@code width} at a time, {@code rows * width} apart.
     *
     * @param scale above 0
     * @param inverse where 1 / the sum of the first row is kept in x, those of the others behind it
     */
    public void panelSoftmax(float[] x, int rows, int width, int panels, float scale, int inverse) {
        if (vectors) {
            PanelSoftmax.vectors(x, rows, width, panels, scale, inverse);
        } else {
            PanelSoftmax.exact(x, rows, width, panels, scale, inverse);
        }
    }

    /** Multiplies rows of a panel's width by a factor each. */
    public void scaleRows(float[] t, int width, int rows, float[] factors, int fo) {
        if (vectors) {
            PanelSoftmax.vectorsScaleRows(t, width, rows, factors, fo);
        } else {
            PanelSoftmax.scalarScaleRows(t, width, rows, factors, fo);
        }
    }

    /** Requests the kernels of transformers. */
    public static void prepareSpeech() {
        RowSums.Sum.KERNEL.request();
        RowSums.Squares.KERNEL.request();
        LayerNorm.Simd.KERNEL.request();
        PanelSoftmax.Simd.KERNEL.request();
        PanelSoftmax.ScaleRows.KERNEL.request();
        Softmax.Simd.KERNEL.request();
    }
}
