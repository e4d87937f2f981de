package dev.skald.tensor.cpu;

/**
 * The scalar twins of the vector loops: operation by operation the same, so the same bits. They
 * finish rows that are no whole number of vectors, and they work while a vector loop is not yet
 * compiled: uncompiled it would make an object of every vector, a thousand times slower than this.
 */
final class Twins {
    private static final float ROUND = 12582912f;

    private Twins() {}

    static float exp(float x) {
        float v = Math.min(Math.max(x, -87f), 88f);
        float n = (v * 1.44269504f + ROUND) - ROUND;
        return (expm1Part(v, n) + 1f) * power(n);
    }

    static float expm1(float x) {
        float v = Math.min(Math.max(x, -87f), 88f);
        float n = (v * 1.44269504f + ROUND) - ROUND;
        float s = power(n);
        return Math.fma(expm1Part(v, n), s, s - 1f);
    }

    private static float expm1Part(float v, float n) {
        float r = Math.fma(n, -0.693359375f, v);
        r = Math.fma(n, 2.12194440e-4f, r);
        float y = Math.fma(1.9875691500e-4f, r, 1.3981999507e-3f);
        y = Math.fma(y, r, 8.3334519073e-3f);
        y = Math.fma(y, r, 4.1665795894e-2f);
        y = Math.fma(y, r, 1.6666665459e-1f);
        y = Math.fma(y, r, 5.0000001201e-1f);
        return Math.fma(y, r * r, r);
    }

    private static float power(float n) {
        return Float.intBitsToFloat(Float.floatToRawIntBits(n + (ROUND + 127)) << 23);
    }

    static float exp2(float x) {
        float v = Math.max(x, -126f);
        float k = v + (ROUND + 127);
        float r = v - (k - (ROUND + 127));
        float y = Math.fma(1.5353362e-4f, r, 1.3398874e-3f);
        y = Math.fma(y, r, 9.6184370e-3f);
        y = Math.fma(y, r, 5.5503324e-2f);
        y = Math.fma(y, r, 2.4022648e-1f);
        y = Math.fma(y, r, 6.9314720e-1f);
        y = Math.fma(y, r, 1f);
        return y * Float.intBitsToFloat(Float.floatToRawIntBits(k) << 23);
    }

    static float sigmoid(float x) {
        return 1f / (exp(-x) + 1f);
    }

    static float tanh(float x) {
        float m = expm1(Math.min(x + x, 40f));
        return m / (m + 2f);
    }

    static float gate(float a, float b) {
        float m = expm1(Math.min(a + a, 40f));
        float e = exp(Math.min(-b, 40f)) + 1f;
        return m / ((m + 2f) * e);
    }

    static float silu(float x) {
        return x / (exp(-x) + 1f);
    }

    static float mish(float x) {
        float e = exp(Math.min(x, 20f));
        float u = Math.fma(e, e, e + e);
        return x * u / (u + 2f);
    }

    static float gelu(float x) {
        float z = Math.abs(x) * 0.70710678f;
        float t = Math.min(z, 4f);
        float p = Math.fma(1.01397727e-7f, t, -2.55876506e-6f);
        p = Math.fma(p, t, 2.87435818e-5f);
        p = Math.fma(p, t, -1.88092176e-4f);
        p = Math.fma(p, t, 7.71879746e-4f);
        p = Math.fma(p, t, -1.82303072e-3f);
        p = Math.fma(p, t, 2.58150395e-4f);
        p = Math.fma(p, t, 1.91213860e-2f);
        p = Math.fma(p, t, -1.02773361e-1f);
        p = Math.fma(p, t, -6.36619567e-1f);
        p = Math.fma(p, t, -1.12837917f);
        float half = exp(p * z) * 0.5f;
        return x * (x >= 0 ? 1f - half : half);
    }

    static float geluTanh(float x) {
        float u = Math.fma(x * x, x * 0.044715f, x) * -1.5957691216f;
        return x / (exp(u) + 1f);
    }

    static float elu(float x, float alpha) {
        return x > 0 ? x : expm1(Math.min(x, 0f)) * alpha;
    }

    static float log(float x) {
        int shifted = Float.floatToRawIntBits(x) - 0x3f3504f3;
        float n = shifted >> 23;
        float m = Float.intBitsToFloat((shifted & 0x7fffff) + 0x3f3504f3) - 1f;
        float z = m * m;
        float y = Math.fma(7.0376836292e-2f, m, -1.1514610310e-1f);
        y = Math.fma(y, m, 1.1676998740e-1f);
        y = Math.fma(y, m, -1.2420140846e-1f);
        y = Math.fma(y, m, 1.4249322787e-1f);
        y = Math.fma(y, m, -1.6668057665e-1f);
        y = Math.fma(y, m, 2.0000714765e-1f);
        y = Math.fma(y, m, -2.4999993993e-1f);
        y = Math.fma(y, m, 3.3333331174e-1f);
        y = y * m * z;
        y = Math.fma(n, -2.12194440e-4f, y);
        y = Math.fma(z, -0.5f, y);
        return Math.fma(n, 0.693359375f, m + y);
    }

    static float sin(float x, int quarter) {
        if (!(Math.abs(x) <= VectorMath.FAR)) {
            return (float) (quarter == 0 ? Math.sin(x) : Math.cos(x));
        }
        float k = x * 0.636619772f + ROUND;
        int q = Float.floatToRawIntBits(k) + quarter;
        float n = k - ROUND;
        float r = Math.fma(n, -1.57079637f, x);
        r = Math.fma(n, 4.37113883e-8f, r);
        r = Math.fma(n, 1.71512451e-15f, r);
        float z = r * r;
        float y;
        if ((q & 1) == 0) {
            float s = Math.fma(-1.9515295891e-4f, z, 8.3321608736e-3f);
            y = Math.fma(Math.fma(s, z, -1.6666654611e-1f) * z, r, r);
        } else {
            float o = Math.fma(2.443315711809948e-5f, z, -1.388731625493765e-3f);
            y = Math.fma(Math.fma(o, z, 4.166664568298827e-2f) * z, z, z * -0.5f + 1f);
        }
        return Float.intBitsToFloat(Float.floatToRawIntBits(y) ^ (q & 2) << 30);
    }

    static float snake(float x, float a) {
        float s = sin(x * a, 0);
        return x + s * s / (a + 1e-9f);
    }

    static float leaky(float x, float slope) {
        return x < 0 ? x * slope : x;
    }

    static void winogradInput(
            float[] x, int xo, int step, float[] v, int vo, int pointStep, int n) {
        for (int i = 0; i < n; i++) {
            int f = xo + i;
            int o = vo + i;
            float x1 = x[f + step];
            float x2 = x[f + 2 * step];
            float x3 = x[f + 3 * step];
            float x4 = x[f + 4 * step];
            float x5 = x[f + 5 * step];
            float x6 = x[f + 6 * step];
            float even = Math.fma(x4, -4.25f, x2 + x6);
            float odd = Math.fma(x3, -4.25f, x1 + x5);
            v[o + pointStep] = even + odd;
            v[o + 2 * pointStep] = even - odd;
            float o3 = x3 * -2.5f;
            even = Math.fma(x2, 0.25f, Math.fma(x4, -1.25f, x6));
            odd = Math.fma(x1, 0.5f, Math.fma(x5, 2, o3));
            v[o + 3 * pointStep] = even + odd;
            v[o + 4 * pointStep] = even - odd;
            even = Math.fma(x2, 4, Math.fma(x4, -5, x6));
            odd = Math.fma(x1, 2, Math.fma(x5, 0.5f, o3));
            v[o + 5 * pointStep] = even + odd;
            v[o + 6 * pointStep] = even - odd;
            v[o] = Math.fma(x2 - x4, 5.25f, x6 - x[f]);
            v[o + 7 * pointStep] = Math.fma(x3 - x5, 5.25f, x[f + 7 * step] - x1);
        }
    }

    static void winogradOutput(
            float[] t, int to, int pointStep, int outputs, float[] y, int yo, int step) {
        for (int i = 0; i < step; i++) {
            int f = to + i;
            int o = yo + i;
            float e1 = t[f + pointStep] + t[f + 2 * pointStep];
            float o1 = t[f + pointStep] - t[f + 2 * pointStep];
            float e2 = t[f + 3 * pointStep] + t[f + 4 * pointStep];
            float o2 = t[f + 3 * pointStep] - t[f + 4 * pointStep];
            float e3 = t[f + 5 * pointStep] + t[f + 6 * pointStep];
            float o3 = t[f + 5 * pointStep] - t[f + 6 * pointStep];
            y[o] = (t[f] + e1) + (e2 + e3);
            for (int j = 1; j < outputs; j++) {
                float power = 1 << j;
                y[o + j * step] =
                        j % 2 == 0
                                ? Math.fma(e2, power, Math.fma(e3, 1 / power, e1))
                                : Math.fma(o2, power, Math.fma(o3, 1 / power, o1));
            }
            y[o + (outputs - 1) * step] += t[f + 7 * pointStep];
        }
    }

    /** A row of a product, columns [0, width). */
    static void product(
            float[] a,
            int ao,
            int taps,
            int tapStep,
            int k,
            float[] w,
            int wo,
            float[] c,
            int co,
            int width) {
        java.util.Arrays.fill(c, co, co + width, 0);
        int p = wo;
        for (int t = 0; t < taps; t++) {
            int x = ao + t * tapStep;
            int end = x + k;
            for (; x < end; x++, p += width) {
                fused(a[x], w, p, c, co, width);
            }
        }
    }

    private static void fused(float f, float[] w, int wo, float[] c, int co, int n) {
        for (int j = 0; j < n; j++) {
            c[co + j] = Math.fma(f, w[wo + j], c[co + j]);
        }
    }

    /** The same in the order of {@link VectorProducts#row1}: four partial sums a column. */
    static void product1(
            float[] a,
            int ao,
            int taps,
            int tapStep,
            int k,
            float[] w,
            int wo,
            float[] c,
            int co,
            int width) {
        int whole = k - k % 4;
        for (int j = 0; j < width; j++) {
            float s0 = 0;
            float s1 = 0;
            float s2 = 0;
            float s3 = 0;
            for (int t = 0; t < taps; t++) {
                int x = ao + t * tapStep;
                int p = wo + t * k * width + j;
                int i = 0;
                for (; i < whole; i += 4, p += 4 * width) {
                    s0 = Math.fma(a[x + i], w[p], s0);
                    s1 = Math.fma(a[x + i + 1], w[p + width], s1);
                    s2 = Math.fma(a[x + i + 2], w[p + 2 * width], s2);
                    s3 = Math.fma(a[x + i + 3], w[p + 3 * width], s3);
                }
                for (; i < k; i++, p += width) {
                    s0 = Math.fma(a[x + i], w[p], s0);
                }
            }
            c[co + j] = (s0 + s1) + (s2 + s3);
        }
    }

    /** The sum over a row of (x - mean)^power, power 1 or 2, in the order of the vector loop. */
    static float sum(float[] x, int xo, float mean, int power, int n) {
        int whole = n - n % Lanes.N;
        float s = lanes(x, xo, mean, power, whole, 0, 1);
        for (int i = whole; i < n; i++) {
            s += power == 1 ? x[xo + i] : (x[xo + i] - mean) * (x[xo + i] - mean);
        }
        return s;
    }

    /** Lane {@code l}, halves added as {@link Lanes#sum} does. */
    private static float lanes(float[] x, int xo, float mean, int power, int n, int l, int step) {
        if (step < Lanes.N) {
            return lanes(x, xo, mean, power, n, l, 2 * step)
                    + lanes(x, xo, mean, power, n, l + step, 2 * step);
        }
        float s = 0;
        for (int i = l; i < n; i += Lanes.N) {
            float d = x[xo + i] - mean;
            s = power == 1 ? s + x[xo + i] : Math.fma(d, d, s);
        }
        return s;
    }

    static float dot(float[] a, int ao, float[] b, int bo, int n) {
        int pairs = n - n % (2 * Lanes.N);
        int whole = n - n % Lanes.N;
        float s = dotLanes(a, ao, b, bo, pairs, whole, 0, 1);
        for (int i = whole; i < n; i++) {
            s += a[ao + i] * b[bo + i];
        }
        return s;
    }

    private static float dotLanes(
            float[] a, int ao, float[] b, int bo, int pairs, int whole, int l, int step) {
        if (step < Lanes.N) {
            return dotLanes(a, ao, b, bo, pairs, whole, l, 2 * step)
                    + dotLanes(a, ao, b, bo, pairs, whole, l + step, 2 * step);
        }
        float s0 = 0;
        float s1 = 0;
        int i = l;
        for (; i < pairs; i += 2 * Lanes.N) {
            s0 = Math.fma(a[ao + i], b[bo + i], s0);
            s1 = Math.fma(a[ao + i + Lanes.N], b[bo + i + Lanes.N], s1);
        }
        if (i < whole) {
            s0 = Math.fma(a[ao + i], b[bo + i], s0);
        }
        return s0 + s1;
    }

    static void softmax(float[] x, int xo, float scale, float[] y, int yo, int n) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            max = Math.max(max, x[xo + i] * scale);
        }
        for (int i = 0; i < n; i++) {
            y[yo + i] = exp(x[xo + i] * scale - max);
        }
        float f = 1 / sum(y, yo, 0, 1, n);
        for (int i = 0; i < n; i++) {
            y[yo + i] *= f;
        }
    }

    /** {@link VectorRows#most} and {@link VectorRows#powers} of a row of scores. */
    static float weights(float[] x, int xo, int step, int panels, float scale) {
        int width = 2 * Lanes.N;
        float most = Float.NEGATIVE_INFINITY;
        for (int p = 0; p < panels; p++) {
            for (int i = xo + p * step; i < xo + p * step + width; i++) {
                most = Math.max(most, x[i]);
            }
        }
        for (int p = 0; p < panels; p++) {
            for (int i = xo + p * step; i < xo + p * step + width; i++) {
                x[i] = exp2(Math.fma(x[i], scale, -most * scale));
            }
        }
        return pairLanes(x, xo, step, panels, 0, 1);
    }

    private static float pairLanes(float[] x, int xo, int step, int panels, int l, int by) {
        if (by < Lanes.N) {
            return pairLanes(x, xo, step, panels, l, 2 * by)
                    + pairLanes(x, xo, step, panels, l + by, 2 * by);
        }
        float s = 0;
        for (int p = 0; p < panels; p++) {
            s += x[xo + p * step + l];
            s += x[xo + p * step + Lanes.N + l];
        }
        return s;
    }
}
