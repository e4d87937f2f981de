package dev.skald.tensor.cpu;

import dev.skald.tensor.Activation;
import org.jspecify.annotations.Nullable;

/**
 * Arithmetic on rows of floats: the scalar form, which needs nothing but Java and is the measure of
 * every faster form. Sums that decide accuracy are carried in double here.
 *
 * <p>A row is named by its array and the index of its first value. Stateless, for any thread.
 */
class Kernels {
    private static final double SQRT_HALF = Math.sqrt(0.5);
    private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

    String name() {
        return "scalar";
    }

    /** Has what a model is sure to need compiled beside its loading. */
    void warmUp() {}

    /** Has compiled what a decoder, a flow and a vocoder will want, in that order. */
    void warmUpSpeech() {}

    // ---- matrix products

    /** Rows a kernel works on at once; fewer than that in one op take a slower way. */
    int rows() {
        return 1;
    }

    /** Columns a panel of a packed matrix with {@code n} columns has. */
    int panel(int n) {
        return 8;
    }

    /**
     * {@code c[i][j] = sum over taps t and k: a[i][t][k] * w[t][k][j]}, overwriting c, for all
     * columns j of one panel. Each value is summed in the order of t and k.
     *
     * @param ao index of a[0][0][0]
     * @param lda from one row of a to the next
     * @param tapStep from one tap to the next
     * @param wo index of the panel's first value
     * @param c rows of {@code width} values from index co
     */
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
        for (int i = 0; i < rows; i++) {
            float c0 = 0;
            float c1 = 0;
            float c2 = 0;
            float c3 = 0;
            float c4 = 0;
            float c5 = 0;
            float c6 = 0;
            float c7 = 0;
            int p = wo;
            for (int t = 0; t < taps; t++) {
                int from = ao + i * lda + t * tapStep;
                for (int x = from; x < from + k; x++, p += 8) {
                    float v = a[x];
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
     * Eight rows of n values, {@code step} apart, at the points of {@link Winograd}: n values a
     * point, {@code pointStep} apart; n is a multiple of 16.
     */
    void winogradInput(float[] x, int xo, int step, float[] v, int vo, int pointStep, int n) {
        Twins.winogradInput(x, xo, step, v, vo, pointStep, n);
    }

    /**
     * From sums at the points, {@code pointStep} apart, to outputs, 4 to 7 rows of {@code step}
     * values one behind the other; step is a multiple of the panel's columns.
     */
    void winogradOutput(
            float[] t, int to, int pointStep, int outputs, float[] y, int yo, int step) {
        Twins.winogradOutput(t, to, pointStep, outputs, y, yo, step);
    }

    /**
     * {@link #product} of few rows with compact weights as they lie, scales left out; false if it
     * cannot.
     */
    boolean compactProduct(
            float[] a, int ao, int lda, int rows, int k, Compact w, int wo, float[] c) {
        return false;
    }

    /** Compact weights {@code from ... from + n - 1} as floats, scales left out. */
    void unpack(Compact w, int from, int n, float[] to) {
        w.unpack(from, n, to);
    }

    /**
     * {@code out[i][j] = residual[i][j] + scale * activation(t[i][j] + bias[j])}; t is used up.
     *
     * @param bias none when null
     * @param residual none when null; may be {@code out} itself
     * @param alphaAt index of the first of the activation's per-channel values
     */
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
        for (int i = 0; bias != null && i < rows; i++) {
            add(t, i * width, bias, biasAt, t, i * width, n);
        }
        if (activation.kind() != Activation.Kind.NONE && alpha == null) {
            activate(activation, null, 0, t, 0, t, 0, rows * width);
        }
        for (int i = 0; i < rows; i++) {
            int to = i * width;
            int o = outAt + i * outStep;
            if (alpha != null) {
                activate(activation, alpha, alphaAt, t, to, t, to, n);
            }
            if (residual != null) {
                addScaled(residual, residualAt + i * residualStep, t, to, scale, out, o, n);
            } else if (scale != 1) {
                scale(t, to, scale, 0, out, o, n);
            } else {
                System.arraycopy(t, to, out, o, n);
            }
        }
    }

    float dot(float[] a, int ao, float[] b, int bo, int n) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int i = 0;
        for (; i + 4 <= n; i += 4) {
            s0 += a[ao + i] * b[bo + i];
            s1 += a[ao + i + 1] * b[bo + i + 1];
            s2 += a[ao + i + 2] * b[bo + i + 2];
            s3 += a[ao + i + 3] * b[bo + i + 3];
        }
        for (; i < n; i++) {
            s0 += a[ao + i] * b[bo + i];
        }
        return (s0 + s1) + (s2 + s3);
    }

    /** y += f x. */
    void axpy(float f, float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] += f * x[xo + i];
        }
    }

    /** y += x w, value by value: one tap of a depthwise convolution. */
    void mulAdd(float[] x, int xo, float[] w, int wo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] += x[xo + i] * w[wo + i];
        }
    }

    // ---- value by value

    void add(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = a[ao + i] + b[bo + i];
        }
    }

    void mul(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = a[ao + i] * b[bo + i];
        }
    }

    /** y = a + f b. */
    void addScaled(float[] a, int ao, float[] b, int bo, float f, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = a[ao + i] + f * b[bo + i];
        }
    }

    /** y = f x + s. */
    void scale(float[] x, int xo, float f, float s, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = f * x[xo + i] + s;
        }
    }

    /** y = x g + s. */
    void affine(float[] x, int xo, float[] g, int go, float[] s, int so, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = x[xo + i] * g[go + i] + s[so + i];
        }
    }

    void clamp(float[] x, int xo, float low, float high, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = Math.min(Math.max(x[xo + i], low), high);
        }
    }

    /** y = tanh(a) sigmoid(b). */
    void gateTanh(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = (float) (Math.tanh(a[ao + i]) * sigmoid(b[bo + i]));
        }
    }

    /** y = silu(a) b. */
    void gateSilu(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            double v = a[ao + i];
            y[yo + i] = (float) (v * sigmoid(v) * b[bo + i]);
        }
    }

    /** y = f(x); in place allowed. */
    void activate(
            Activation f,
            float @Nullable [] alpha,
            int alphaAt,
            float[] x,
            int xo,
            float[] y,
            int yo,
            int n) {
        float p = f.parameter();
        switch (f.kind()) {
            case NONE -> {
                if (x != y || xo != yo) {
                    System.arraycopy(x, xo, y, yo, n);
                }
            }
            case RELU -> {
                for (int i = 0; i < n; i++) {
                    y[yo + i] = Math.max(x[xo + i], 0);
                }
            }
            case LEAKY_RELU -> {
                for (int i = 0; i < n; i++) {
                    float v = x[xo + i];
                    y[yo + i] = v >= 0 ? v : v * p;
                }
            }
            case ABS -> {
                for (int i = 0; i < n; i++) {
                    y[yo + i] = Math.abs(x[xo + i]);
                }
            }
            case SQUARE -> mul(x, xo, x, xo, y, yo, n);
            case SNAKE -> {
                if (alpha == null) {
                    throw new IllegalArgumentException("snake needs its alpha");
                }
                for (int i = 0; i < n; i++) {
                    double v = x[xo + i];
                    double a = alpha[alphaAt + i];
                    double s = Math.sin(a * v);
                    y[yo + i] = (float) (v + s * s / (a + 1e-9));
                }
            }
            default -> {
                for (int i = 0; i < n; i++) {
                    y[yo + i] = (float) value(f.kind(), x[xo + i], p);
                }
            }
        }
    }

    /** The functions of one value that need more than an operation or two. */
    private static double value(Activation.Kind kind, double v, float p) {
        return switch (kind) {
            case GELU -> 0.5 * v * erfc(-v * SQRT_HALF);
            case GELU_TANH -> v * sigmoid(2 * SQRT_2_OVER_PI * (v + 0.044715 * v * v * v));
            case SILU -> v * sigmoid(v);
            case MISH -> v * Math.tanh(v > 30 ? v : Math.log1p(Math.exp(v)));
            case ELU -> v > 0 ? v : p * Math.expm1(v);
            case TANH -> Math.tanh(v);
            case SIGMOID -> sigmoid(v);
            case EXP -> Math.exp(v);
            case LOG_CLAMPED -> Math.log(Math.max(v, p));
            case SIN -> Math.sin(v);
            case COS -> Math.cos(v);
            case NONE, RELU, LEAKY_RELU, ABS, SQUARE, SNAKE ->
                    throw new IllegalArgumentException(kind + " is not a function of this kind");
        };
    }

    static double sigmoid(double v) {
        return 1 / (1 + Math.exp(-v));
    }

    /**
     * The complementary error function: Maclaurin's series of erf in the middle, Laplace's
     * continued fraction outside (Abramowitz and Stegun 7.1.6, 7.1.14). Relative error below 1e-13.
     */
    static double erfc(double x) {
        if (x < 0) {
            return 2 - erfc(-x);
        }
        if (x < 2) {
            double term = x;
            double sum = x;
            for (int n = 1; Math.abs(term) > 1e-17 * sum; n++) {
                term *= 2 * x * x / (2 * n + 1);
                sum += term;
            }
            return 1 - 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
        }
        double f = x;
        for (int n = 60; n > 0; n--) {
            f = x + n * 0.5 / f;
        }
        return Math.exp(-x * x) / (Math.sqrt(Math.PI) * f);
    }

    // ---- over a row

    float max(float[] x, int xo, int n) {
        float m = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            m = Math.max(m, x[xo + i]);
        }
        return m;
    }

    /** softmax(scale x); in place allowed. */
    void softmax(float[] x, int xo, float scale, float[] y, int yo, int n) {
        float m = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            m = Math.max(m, scale * x[xo + i]);
        }
        double sum = 0;
        for (int i = 0; i < n; i++) {
            double e = Math.exp(scale * x[xo + i] - m);
            y[yo + i] = (float) e;
            sum += e;
        }
        float inverse = (float) (1 / sum);
        for (int i = 0; i < n; i++) {
            y[yo + i] *= inverse;
        }
    }

    /**
     * Scores of some rows become e^(scale (score - the row's largest)), 1 / their sum is kept. A
     * row's scores lie a panel's {@code width} at a time, {@code rows * width} apart.
     *
     * @param scale above 0
     * @param at where the first row's 1 / sum comes to lie in x
     */
    void weights(float[] x, int rows, int width, int panels, float scale, int at) {
        int step = rows * width;
        for (int r = 0; r < rows; r++) {
            float m = Float.NEGATIVE_INFINITY;
            for (int p = 0; p < panels; p++) {
                m = Math.max(m, max(x, r * width + p * step, width));
            }
            double sum = 0;
            for (int p = 0; p < panels; p++) {
                int from = r * width + p * step;
                for (int i = from; i < from + width; i++) {
                    double e = Math.exp(scale * ((double) x[i] - m));
                    x[i] = (float) e;
                    sum += e;
                }
            }
            x[at + r] = (float) (1 / sum);
        }
    }

    /** Rows of a panel's width, each times a factor of its own. */
    void scaleRows(float[] t, int width, int rows, float[] factors, int fo) {
        for (int i = 0; i < rows; i++) {
            float f = factors[fo + i];
            for (int j = i * width; j < (i + 1) * width; j++) {
                t[j] *= f;
            }
        }
    }

    /** (x - mean) / sqrt(variance + eps) * gamma + beta; in place allowed. */
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
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += x[xo + i];
        }
        double mean = sum / n;
        double squares = 0;
        for (int i = 0; i < n; i++) {
            double d = x[xo + i] - mean;
            squares += d * d;
        }
        double r = 1 / Math.sqrt(squares / n + eps);
        for (int i = 0; i < n; i++) {
            y[yo + i] = (float) ((x[xo + i] - mean) * r) * gamma[go + i] + beta[bo + i];
        }
    }

    /** x / sqrt(mean(x^2) + eps) * gamma; in place allowed. */
    void rmsNorm(float[] x, int xo, float[] gamma, int go, float eps, float[] y, int yo, int n) {
        double squares = 0;
        for (int i = 0; i < n; i++) {
            squares += (double) x[xo + i] * x[xo + i];
        }
        float r = (float) (1 / Math.sqrt(squares / n + eps));
        for (int i = 0; i < n; i++) {
            y[yo + i] = x[xo + i] * r * gamma[go + i];
        }
    }

    /**
     * One step of an LSTM after its products: {@code gates} holds i, f, g, o of n each; c is
     * carried on, h is written.
     */
    void lstmCell(float[] gates, int at, float[] c, int co, float[] h, int ho, int n) {
        for (int j = 0; j < n; j++) {
            double i = sigmoid(gates[at + j]);
            double f = sigmoid(gates[at + n + j]);
            double g = Math.tanh(gates[at + 2 * n + j]);
            double o = sigmoid(gates[at + 3 * n + j]);
            double s = f * c[co + j] + i * g;
            c[co + j] = (float) s;
            h[ho + j] = (float) (o * Math.tanh(s));
        }
    }

    /** Rotates the pairs (x[d], x[d + half]) by the angles whose cosines and sines are given. */
    void rotate(float[] x, int xo, float[] cos, int co, float[] sin, int so, int half) {
        for (int d = 0; d < half; d++) {
            float a = x[xo + d];
            float b = x[xo + half + d];
            float c = cos[co + d];
            float s = sin[so + d];
            x[xo + d] = a * c - b * s;
            x[xo + half + d] = b * c + a * s;
        }
    }
}
