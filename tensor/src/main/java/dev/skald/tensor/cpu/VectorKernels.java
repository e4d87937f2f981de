package dev.skald.tensor.cpu;

import dev.skald.tensor.Activation;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * {@link Kernels} on the Vector API. What C2 vectorises by itself (sums and products value by
 * value) stays as it is there; whole vectors are done here, what is left of a row by the scalar
 * form.
 */
final class VectorKernels extends Kernels {
    private static final int PANEL = 2 * Lanes.N;
    private static final boolean EIGHT = Lanes.manyRegisters();

    @Override
    String name() {
        return Lanes.N * 32 + " bit vectors";
    }

    @Override
    int rows() {
        return EIGHT ? 8 : 6;
    }

    @Override
    int panel(int n) {
        return PANEL;
    }

    @Override
    void product(
            float[] a,
            int ao,
            int lda,
            int rows,
            int taps,
            int tapStep,
            int k,
            float[] w,
            int wo,
            int width,
            float[] c) {
        int step = rows();
        if (rows < step) {
            for (int i = 0; i < rows; i++) {
                VectorProducts.row1(a, ao + i * lda, taps, tapStep, k, w, wo, c, i * PANEL);
            }
            return;
        }
        for (int i = 0; i < rows; i += step) {
            // The last rows are done with some before them again: the same values once more.
            int from = Math.min(i, rows - step);
            int at = ao + from * lda;
            if (EIGHT) {
                VectorProducts.rows8(a, at, lda, taps, tapStep, k, w, wo, c, from * PANEL);
            } else {
                VectorProducts.rows6(a, at, lda, taps, tapStep, k, w, wo, c, from * PANEL);
            }
        }
    }

    @Override
    void finish(
            float[] t,
            int width,
            int rows,
            int n,
            float @Nullable [] bias,
            int biasAt,
            Activation activation,
            float @Nullable [] alpha,
            int alphaAt,
            float scale,
            float @Nullable [] residual,
            int residualAt,
            int residualStep,
            float[] out,
            int outAt,
            int outStep) {
        boolean simple =
                switch (activation.kind()) {
                    case NONE, RELU, LEAKY_RELU -> true;
                    default -> false;
                };
        if (!simple || n % Lanes.N != 0) {
            super.finish(
                    t,
                    width,
                    rows,
                    n,
                    bias,
                    biasAt,
                    activation,
                    alpha,
                    alphaAt,
                    scale,
                    residual,
                    residualAt,
                    residualStep,
                    out,
                    outAt,
                    outStep);
            return;
        }
        float slope =
                switch (activation.kind()) {
                    case NONE -> 1;
                    case RELU -> 0;
                    default -> activation.parameter();
                };
        for (int j = 0; j < n; j += Lanes.N) {
            FloatVector b =
                    bias == null
                            ? FloatVector.zero(Lanes.F)
                            : FloatVector.fromArray(Lanes.F, bias, biasAt + j);
            if (residual != null) {
                merge(
                        t,
                        j,
                        width,
                        rows,
                        b,
                        slope,
                        scale,
                        residual,
                        residualAt + j,
                        residualStep,
                        out,
                        outAt + j,
                        outStep);
            } else {
                store(t, j, width, rows, b, slope, scale, out, outAt + j, outStep);
            }
        }
    }

    /** One vector of columns: out = scale * leaky(t + b). */
    private static void store(
            float[] t,
            int to,
            int width,
            int rows,
            FloatVector b,
            float slope,
            float scale,
            float[] out,
            int outAt,
            int outStep) {
        int o = outAt;
        int from = to;
        for (int i = 0; i < rows; i++, from += width, o += outStep) {
            FloatVector v = FloatVector.fromArray(Lanes.F, t, from).add(b);
            v = v.blend(v.mul(slope), v.compare(VectorOperators.LT, 0f));
            v.mul(scale).intoArray(out, o);
        }
    }

    /** One vector of columns: out = residual + scale * leaky(t + b). */
    private static void merge(
            float[] t,
            int to,
            int width,
            int rows,
            FloatVector b,
            float slope,
            float scale,
            float[] residual,
            int residualAt,
            int residualStep,
            float[] out,
            int outAt,
            int outStep) {
        FloatVector s = FloatVector.broadcast(Lanes.F, scale);
        int o = outAt;
        int from = to;
        int r = residualAt;
        for (int i = 0; i < rows; i++, from += width, o += outStep, r += residualStep) {
            FloatVector v = FloatVector.fromArray(Lanes.F, t, from).add(b);
            v = v.blend(v.mul(slope), v.compare(VectorOperators.LT, 0f));
            v.fma(s, FloatVector.fromArray(Lanes.F, residual, r)).intoArray(out, o);
        }
    }

    @Override
    float dot(float[] a, int ao, float[] b, int bo, int n) {
        return VectorProducts.dot(a, ao, b, bo, n);
    }

    @Override
    void axpy(float f, float[] x, int xo, float[] y, int yo, int n) {
        VectorProducts.axpy(f, x, xo, y, yo, n);
    }

    @Override
    void gateTanh(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        int i = VectorActivations.gateTanh(a, ao, b, bo, y, yo, n);
        if (i < n) {
            super.gateTanh(a, ao + i, b, bo + i, y, yo + i, n - i);
        }
    }

    @Override
    void gateSilu(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        int i = VectorActivations.gateSilu(a, ao, b, bo, y, yo, n);
        if (i < n) {
            super.gateSilu(a, ao + i, b, bo + i, y, yo + i, n - i);
        }
    }

    @Override
    void activate(
            Activation f,
            float @Nullable [] alpha,
            int alphaAt,
            float[] x,
            int xo,
            float[] y,
            int yo,
            int n) {
        int i = VectorActivations.run(f, alpha, alphaAt, x, xo, y, yo, n);
        if (i < n) {
            super.activate(f, alpha, alphaAt + i, x, xo + i, y, yo + i, n - i);
        }
    }

    @Override
    void softmax(float[] x, int xo, float scale, float[] y, int yo, int n) {
        VectorRows.softmax(x, xo, scale, y, yo, n);
    }

    @Override
    void layerNorm(
            float[] x,
            int xo,
            float[] gamma,
            int go,
            float[] beta,
            int bo,
            float eps,
            float[] y,
            int yo,
            int n) {
        if (n < Lanes.N) {
            super.layerNorm(x, xo, gamma, go, beta, bo, eps, y, yo, n);
            return;
        }
        float mean = VectorRows.sum(x, xo, n) / n;
        float variance = VectorRows.squares(x, xo, mean, n) / n;
        float r = (float) (1 / Math.sqrt(variance + eps));
        VectorRows.normalize(x, xo, mean, r, gamma, go, beta, bo, y, yo, n);
    }

    @Override
    void rmsNorm(float[] x, int xo, float[] gamma, int go, float eps, float[] y, int yo, int n) {
        if (n < Lanes.N) {
            super.rmsNorm(x, xo, gamma, go, eps, y, yo, n);
            return;
        }
        float r = (float) (1 / Math.sqrt(VectorRows.squares(x, xo, 0, n) / n + eps));
        for (int i = 0; i < n; i++) {
            y[yo + i] = x[xo + i] * r * gamma[go + i];
        }
    }

    @Override
    void lstmCell(float[] gates, int at, float[] c, int co, float[] h, int ho, int n) {
        int i = VectorRows.lstmCell(gates, at, c, co, h, ho, n);
        if (i < n) {
            lstmRest(gates, at, i, c, co, h, ho, n);
        }
    }
}
