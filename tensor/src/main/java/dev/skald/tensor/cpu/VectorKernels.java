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
    private static final float[] ZERO = new float[Lanes.N];
    private static final float LOG2_E = 1.44269504f;
    private static final boolean EIGHT = Lanes.manyRegisters();

    @Override
    String name() {
        return Lanes.N * 32 + " bit vectors";
    }

    @Override
    int rows() {
        return EIGHT ? 8 : 4;
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
            float[] c,
            int co) {
        int step = rows();
        boolean few = rows < step;
        if (!(few ? Loop.ROW1 : Loop.ROWS).soon()) {
            for (int i = 0; i < rows; i++) {
                int at = ao + i * lda;
                if (few) {
                    Twins.product1(a, at, taps, tapStep, k, w, wo, c, co + i * PANEL, PANEL);
                } else {
                    Twins.product(a, at, taps, tapStep, k, w, wo, c, co + i * PANEL, PANEL);
                }
            }
            return;
        }
        if (few) {
            for (int i = 0; i < rows; i++) {
                VectorProducts.row1(a, ao + i * lda, taps, tapStep, k, w, wo, c, co + i * PANEL);
            }
            return;
        }
        for (int i = 0; i < rows; i += step) {
            // The last rows are done with some before them again: the same values once more.
            int from = Math.min(i, rows - step);
            rows(a, ao + from * lda, lda, taps, tapStep, k, w, wo, c, co + from * PANEL);
        }
    }

    @Override
    void winogradInput(float[] x, int xo, int step, float[] v, int vo, int pointStep, int n) {
        if (Loop.WINOGRAD_INPUT.soon()) {
            VectorWinograd.input(x, xo, step, v, vo, pointStep, n);
        } else {
            super.winogradInput(x, xo, step, v, vo, pointStep, n);
        }
    }

    @Override
    void winogradOutput(
            float[] t, int to, int pointStep, int outputs, float[] y, int yo, int step) {
        if (Loop.WINOGRAD_OUTPUT.soon()) {
            VectorWinograd.output(t, to, pointStep, outputs, y, yo, step);
        } else {
            super.winogradOutput(t, to, pointStep, outputs, y, yo, step);
        }
    }

    @Override
    boolean compactProduct(
            float[] a, int ao, int lda, int rows, int k, Compact w, int wo, float[] c) {
        short[] halves = w.halves();
        byte[] bytes = w.bytes();
        if (rows >= rows() || !(halves != null ? Loop.ROW1_HALF : Loop.ROW1_BYTE).now()) {
            return false;
        }
        for (int i = 0; i < rows; i++) {
            if (halves != null) {
                VectorCompact.row1Half(a, ao + i * lda, k, halves, wo, c, i * PANEL);
            } else if (bytes != null) {
                VectorCompact.row1Byte(a, ao + i * lda, k, bytes, wo, c, i * PANEL);
            }
        }
        return true;
    }

    @Override
    void unpack(Compact w, int from, int n, float[] to) {
        short[] halves = w.halves();
        byte[] bytes = w.bytes();
        if (n % Lanes.N != 0 || !(halves != null ? Loop.UNPACK_HALF : Loop.UNPACK_BYTE).now()) {
            super.unpack(w, from, n, to);
        } else if (halves != null) {
            VectorCompact.unpackHalf(halves, from, to, n);
        } else if (bytes != null) {
            VectorCompact.unpackByte(bytes, from, to, n);
        }
    }

    /** The rows a kernel holds at once. */
    static void rows(
            float[] a,
            int ao,
            int lda,
            int taps,
            int tapStep,
            int k,
            float[] w,
            int wo,
            float[] c,
            int co) {
        if (EIGHT) {
            VectorProducts.rows8(a, ao, lda, taps, tapStep, k, w, wo, c, co);
        } else {
            VectorProducts.rows4(a, ao, lda, taps, tapStep, k, w, wo, c, co);
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
        Loop loop = residual == null ? Loop.STORE : Loop.MERGE;
        if (alpha != null || n % Lanes.N != 0 || !loop.now() || !Loop.STORE.now()) {
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
        boolean simple =
                switch (activation.kind()) {
                    case NONE, RELU, LEAKY_RELU -> true;
                    default -> false;
                };
        if (!simple) {
            // On the whole tile while it is near: one call of the function's loop.
            for (int j = 0; bias != null && j < n; j += Lanes.N) {
                store(t, j, width, rows, bias, biasAt + j, 1, 1, t, j, width);
            }
            activate(activation, null, 0, t, 0, t, 0, rows * width);
        }
        float slope =
                switch (activation.kind()) {
                    case RELU -> 0;
                    case LEAKY_RELU -> activation.parameter();
                    default -> 1;
                };
        float[] b = simple && bias != null ? bias : ZERO;
        for (int j = 0; j < n; j += Lanes.N) {
            int from = b == ZERO ? 0 : biasAt + j;
            if (residual != null) {
                merge(
                        t,
                        j,
                        width,
                        rows,
                        b,
                        from,
                        slope,
                        scale,
                        residual,
                        residualAt + j,
                        residualStep,
                        out,
                        outAt + j,
                        outStep);
            } else {
                store(t, j, width, rows, b, from, slope, scale, out, outAt + j, outStep);
            }
        }
    }

    /** One vector of columns: out = scale * leaky(t + b). */
    static void store(
            float[] t,
            int to,
            int width,
            int rows,
            float[] bias,
            int biasAt,
            float slope,
            float scale,
            float[] out,
            int outAt,
            int outStep) {
        FloatVector b = FloatVector.fromArray(Lanes.F, bias, biasAt);
        int o = outAt;
        int from = to;
        for (int i = 0; i < rows; i++, from += width, o += outStep) {
            FloatVector v = FloatVector.fromArray(Lanes.F, t, from).add(b);
            v = v.blend(v.mul(slope), v.compare(VectorOperators.LT, 0f));
            v.mul(scale).intoArray(out, o);
        }
    }

    /** One vector of columns: out = residual + scale * leaky(t + b). */
    static void merge(
            float[] t,
            int to,
            int width,
            int rows,
            float[] bias,
            int biasAt,
            float slope,
            float scale,
            float[] residual,
            int residualAt,
            int residualStep,
            float[] out,
            int outAt,
            int outStep) {
        FloatVector b = FloatVector.fromArray(Lanes.F, bias, biasAt);
        int o = outAt;
        int from = to;
        int r = residualAt;
        for (int i = 0; i < rows; i++, from += width, o += outStep, r += residualStep) {
            FloatVector v = FloatVector.fromArray(Lanes.F, t, from).add(b);
            v = v.blend(v.mul(slope), v.compare(VectorOperators.LT, 0f));
            FloatVector.fromArray(Lanes.F, residual, r).add(v.mul(scale)).intoArray(out, o);
        }
    }

    @Override
    float dot(float[] a, int ao, float[] b, int bo, int n) {
        return Loop.DOT.now() ? VectorProducts.dot(a, ao, b, bo, n) : Twins.dot(a, ao, b, bo, n);
    }

    @Override
    void axpy(float f, float[] x, int xo, float[] y, int yo, int n) {
        if (Loop.AXPY.now()) {
            VectorProducts.axpy(f, x, xo, y, yo, n);
            return;
        }
        for (int i = 0; i < n; i++) {
            y[yo + i] = Math.fma(x[xo + i], f, y[yo + i]);
        }
    }

    @Override
    void gateTanh(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        int i = Loop.GATE_TANH.now() ? VectorActivations.gateTanh(a, ao, b, bo, y, yo, n) : 0;
        for (; i < n; i++) {
            y[yo + i] = Twins.gate(a[ao + i], b[bo + i]);
        }
    }

    @Override
    void gateSilu(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        int i = Loop.GATE_SILU.now() ? VectorActivations.gateSilu(a, ao, b, bo, y, yo, n) : 0;
        for (; i < n; i++) {
            y[yo + i] = Twins.silu(a[ao + i]) * b[bo + i];
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
        Loop loop = Loop.of(f.kind());
        if (loop == null) {
            super.activate(f, alpha, alphaAt, x, xo, y, yo, n);
            return;
        }
        int i = loop.now() ? VectorActivations.run(f, alpha, alphaAt, x, xo, y, yo, n) : 0;
        if (i < n) {
            VectorActivations.rest(f, alpha, alphaAt + i, x, xo + i, y, yo + i, n - i);
        }
    }

    @Override
    void softmax(float[] x, int xo, float scale, float[] y, int yo, int n) {
        if (Loop.SOFTMAX.now()) {
            VectorRows.softmax(x, xo, scale, y, yo, n);
        } else {
            Twins.softmax(x, xo, scale, y, yo, n);
        }
    }

    @Override
    void weights(float[] x, int rows, int width, int panels, float scale, int at) {
        int step = rows * width;
        float power = scale * LOG2_E;
        boolean compiled = Loop.WEIGHTS.now();
        for (int r = 0; r < rows; r++) {
            int from = r * width;
            if (compiled) {
                float shift = -VectorRows.most(x, from, step, panels) * power;
                x[at + r] = 1 / VectorRows.powers(x, from, step, panels, power, shift);
            } else {
                x[at + r] = 1 / Twins.weights(x, from, step, panels, power);
            }
        }
    }

    @Override
    void scaleRows(float[] t, int width, int rows, float[] factors, int fo) {
        if (Loop.SCALE_ROWS.now()) {
            VectorRows.scaleRows(t, rows, factors, fo);
        } else {
            super.scaleRows(t, width, rows, factors, fo);
        }
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
        float mean = (Loop.SUM.now() ? VectorRows.sum(x, xo, n) : Twins.sum(x, xo, 0, 1, n)) / n;
        float r = (float) (1 / Math.sqrt(squares(x, xo, mean, n) / n + eps));
        if (Loop.NORMALIZE.now()) {
            VectorRows.normalize(x, xo, mean, r, gamma, go, beta, bo, y, yo, n);
            return;
        }
        for (int i = 0; i < n; i++) {
            y[yo + i] = Math.fma((x[xo + i] - mean) * r, gamma[go + i], beta[bo + i]);
        }
    }

    private static float squares(float[] x, int xo, float mean, int n) {
        return Loop.SQUARES.now()
                ? VectorRows.squares(x, xo, mean, n)
                : Twins.sum(x, xo, mean, 2, n);
    }

    @Override
    void rmsNorm(float[] x, int xo, float[] gamma, int go, float eps, float[] y, int yo, int n) {
        float r = (float) (1 / Math.sqrt(squares(x, xo, 0, n) / n + eps));
        for (int i = 0; i < n; i++) {
            y[yo + i] = x[xo + i] * r * gamma[go + i];
        }
    }

    @Override
    void lstmCell(float[] gates, int at, float[] c, int co, float[] h, int ho, int n) {
        gateTanh(gates, at + 2 * n, gates, at, gates, at, n);
        activate(Activation.SIGMOID, null, 0, gates, at + n, gates, at + n, n);
        for (int j = 0; j < n; j++) {
            c[co + j] = Math.fma(gates[at + n + j], c[co + j], gates[at + j]);
        }
        gateTanh(c, co, gates, at + 3 * n, h, ho, n);
    }

    @Override
    void warmUp() {
        // In the order in which a network comes to them.
        Loop.ROWS.ask();
        Loop.WINOGRAD_INPUT.ask();
        Loop.WINOGRAD_OUTPUT.ask();
        Loop.STORE.ask();
        Loop.SUM.ask();
        Loop.SQUARES.ask();
        Loop.NORMALIZE.ask();
        Loop.WEIGHTS.ask();
        Loop.SCALE_ROWS.ask();
        Loop.MERGE.ask();
        Loop.GELU.ask();
        Loop.EXP.ask();
        Loop.GATE_TANH.ask();
        Loop.LEAKY_RELU.ask();
        Loop.DOT.ask();
        Loop.TANH.ask();
    }

    @Override
    void warmUpSpeech() {
        warmUp();
        Loop.SUM.ask();
        Loop.SQUARES.ask();
        Loop.NORMALIZE.ask();
        Loop.SOFTMAX.ask();
        Loop.GELU_TANH.ask();
        Loop.ROW1_HALF.ask();
        Loop.UNPACK_HALF.ask();
        Loop.ROW1.ask();
        Loop.SILU.ask();
        Loop.GELU.ask();
        Loop.MISH.ask();
        Loop.ELU.ask();
        Loop.SNAKE.ask();
        Loop.EXP.ask();
        Loop.SIN.ask();
    }
}
