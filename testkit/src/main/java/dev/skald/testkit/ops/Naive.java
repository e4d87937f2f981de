package dev.skald.testkit.ops;

import java.util.function.DoubleUnaryOperator;

/**
 * The formulas of the ops, written out in double over plain arrays (B,T,C): the contract's oracle.
 */
final class Naive {
    private Naive() {}

    /** A dense array with its shape. */
    record Array(double[] v, int b, int t, int c) {
        static Array zeros(int b, int t, int c) {
            return new Array(new double[b * t * c], b, t, c);
        }

        double at(int i, int j, int k) {
            return v[(i * t + j) * c + k];
        }

        void set(int i, int j, int k, double value) {
            v[(i * t + j) * c + k] = value;
        }

        Array map(DoubleUnaryOperator f) {
            Array y = zeros(b, t, c);
            for (int i = 0; i < v.length; i++) {
                y.v[i] = f.applyAsDouble(v[i]);
            }
            return y;
        }
    }

    static Array conv1d(
            Array x,
            float[] w,
            float[] bias,
            int out,
            int kernel,
            int stride,
            int dilation,
            int groups,
            int padLeft,
            int padRight) {
        int part = x.c / groups;
        int n = out / groups;
        int rows = (x.t + padLeft + padRight - dilation * (kernel - 1) - 1) / stride + 1;
        Array y = Array.zeros(x.b, rows, out);
        for (int b = 0; b < x.b; b++) {
            for (int t = 0; t < rows; t++) {
                for (int o = 0; o < out; o++) {
                    double s = bias[o];
                    for (int c = 0; c < part; c++) {
                        for (int k = 0; k < kernel; k++) {
                            int from = t * stride - padLeft + k * dilation;
                            if (from >= 0 && from < x.t) {
                                s +=
                                        w[(o * part + c) * kernel + k]
                                                * x.at(b, from, o / n * part + c);
                            }
                        }
                    }
                    y.set(b, t, o, s);
                }
            }
        }
        return y;
    }

    static Array convTranspose1d(
            Array x, float[] w, float[] bias, int out, int kernel, int stride, int padding) {
        int rows = (x.t - 1) * stride - 2 * padding + kernel;
        Array y = Array.zeros(x.b, rows, out);
        for (int b = 0; b < x.b; b++) {
            for (int o = 0; o < out; o++) {
                for (int t = 0; t < rows; t++) {
                    y.set(b, t, o, bias[o]);
                }
                for (int t = 0; t < x.t; t++) {
                    for (int k = 0; k < kernel; k++) {
                        int to = t * stride + k - padding;
                        if (to < 0 || to >= rows) {
                            continue;
                        }
                        double s = y.at(b, to, o);
                        for (int c = 0; c < x.c; c++) {
                            s += x.at(b, t, c) * w[(c * out + o) * kernel + k];
                        }
                        y.set(b, to, o, s);
                    }
                }
            }
        }
        return y;
    }

    static Array conv2d(
            Array x,
            float[] w,
            float[] bias,
            int out,
            int kh,
            int kw,
            int sh,
            int sw,
            int ph,
            int pw) {
        int h = (x.b + 2 * ph - kh) / sh + 1;
        int v = (x.t + 2 * pw - kw) / sw + 1;
        Array y = Array.zeros(h, v, out);
        for (int i = 0; i < h; i++) {
            for (int j = 0; j < v; j++) {
                for (int o = 0; o < out; o++) {
                    double s = bias[o];
                    for (int c = 0; c < x.c; c++) {
                        for (int a = 0; a < kh; a++) {
                            for (int b = 0; b < kw; b++) {
                                int yy = i * sh - ph + a;
                                int xx = j * sw - pw + b;
                                if (yy >= 0 && yy < x.b && xx >= 0 && xx < x.t) {
                                    s += w[((o * x.c + c) * kh + a) * kw + b] * x.at(yy, xx, c);
                                }
                            }
                        }
                    }
                    y.set(i, j, o, s);
                }
            }
        }
        return y;
    }

    /** What a score of query i, key j gains beside q k; what the output gains beside p v. */
    interface Extra {
        double score(int b, int h, int i, int j);

        double value(int b, int i, int j, int d);
    }

    static Array attention(
            Array q, Array k, Array v, int heads, double scale, int firstSees, Extra extra) {
        Array y = Array.zeros(q.b, q.t, q.c);
        int d = q.c / heads;
        for (int b = 0; b < q.b; b++) {
            for (int h = 0; h < heads; h++) {
                for (int i = 0; i < q.t; i++) {
                    int n = firstSees < 0 ? k.t : firstSees + i;
                    double[] s = new double[n];
                    double max = Double.NEGATIVE_INFINITY;
                    for (int j = 0; j < n; j++) {
                        for (int c = 0; c < d; c++) {
                            s[j] += q.at(b, i, h * d + c) * k.at(b, j, h * d + c);
                        }
                        s[j] = scale * (s[j] + extra.score(b, h, i, j));
                        max = Math.max(max, s[j]);
                    }
                    double sum = 0;
                    for (int j = 0; j < n; j++) {
                        s[j] = Math.exp(s[j] - max);
                        sum += s[j];
                    }
                    for (int c = 0; c < d; c++) {
                        double o = 0;
                        for (int j = 0; j < n; j++) {
                            o += s[j] / sum * (v.at(b, j, h * d + c) + extra.value(b, i, j, c));
                        }
                        y.set(b, i, h * d + c, o);
                    }
                }
            }
        }
        return y;
    }

    static final Extra NOTHING =
            new Extra() {
                @Override
                public double score(int b, int h, int i, int j) {
                    return 0;
                }

                @Override
                public double value(int b, int i, int j, int d) {
                    return 0;
                }
            };

    static Array lstm(Array x, float[] wi, float[] wh, float[] b1, float[] b2, int n) {
        Array y = Array.zeros(x.b, x.t, n);
        for (int b = 0; b < x.b; b++) {
            double[] c = new double[n];
            double[] h = new double[n];
            for (int t = 0; t < x.t; t++) {
                double[] g = new double[4 * n];
                for (int o = 0; o < 4 * n; o++) {
                    g[o] = b1[o] + b2[o];
                    for (int i = 0; i < x.c; i++) {
                        g[o] += wi[o * x.c + i] * x.at(b, t, i);
                    }
                    for (int i = 0; i < n; i++) {
                        g[o] += wh[o * n + i] * h[i];
                    }
                }
                for (int j = 0; j < n; j++) {
                    c[j] = sigmoid(g[n + j]) * c[j] + sigmoid(g[j]) * Math.tanh(g[2 * n + j]);
                    h[j] = sigmoid(g[3 * n + j]) * Math.tanh(c[j]);
                    y.set(b, t, j, h[j]);
                }
            }
        }
        return y;
    }

    static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /** erf by Simpson's rule. */
    static double erf(double x) {
        int n = 2000;
        double h = x / n;
        double s = 1 + Math.exp(-x * x);
        for (int i = 1; i < n; i++) {
            s += (i % 2 == 0 ? 2 : 4) * Math.exp(-(i * h) * (i * h));
        }
        return 2 / Math.sqrt(Math.PI) * s * h / 3;
    }
}
