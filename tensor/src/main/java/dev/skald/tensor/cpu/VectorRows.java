package dev.skald.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** What goes over a row as a whole: sums, softmax, norms. */
final class VectorRows {
    private VectorRows() {}

    static float sum(float[] x, int xo, int n) {
        FloatVector s = FloatVector.zero(Lanes.F);
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            s = s.add(Lanes.at(x, xo + i));
        }
        float sum = Lanes.sum(s);
        for (; i < n; i++) {
            sum += x[xo + i];
        }
        return sum;
    }

    /** The sum of (x - mean)^2. */
    static float squares(float[] x, int xo, float mean, int n) {
        FloatVector s = FloatVector.zero(Lanes.F);
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            FloatVector d = Lanes.at(x, xo + i).sub(mean);
            s = d.fma(d, s);
        }
        float sum = Lanes.sum(s);
        for (; i < n; i++) {
            float d = x[xo + i] - mean;
            sum += d * d;
        }
        return sum;
    }

    static void normalize(
            float[] x,
            int xo,
            float mean,
            float r,
            float[] gamma,
            int go,
            float[] beta,
            int bo,
            float[] y,
            int yo,
            int n) {
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            Lanes.at(x, xo + i)
                    .sub(mean)
                    .mul(r)
                    .fma(Lanes.at(gamma, go + i), Lanes.at(beta, bo + i))
                    .intoArray(y, yo + i);
        }
        for (; i < n; i++) {
            y[yo + i] = Math.fma((x[xo + i] - mean) * r, gamma[go + i], beta[bo + i]);
        }
    }

    static void softmax(float[] x, int xo, float scale, float[] y, int yo, int n) {
        float max = scaledMax(x, xo, scale, n);
        float sum = exps(x, xo, scale, max, y, yo, n);
        multiply(y, yo, 1 / sum, n);
    }

    private static float scaledMax(float[] x, int xo, float scale, int n) {
        FloatVector m = FloatVector.broadcast(Lanes.F, Float.NEGATIVE_INFINITY);
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            FloatVector v = Lanes.at(x, xo + i).mul(scale);
            m = m.blend(v, v.compare(VectorOperators.GT, m));
        }
        float max = m.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++) {
            max = Math.max(max, x[xo + i] * scale);
        }
        return max;
    }

    private static float exps(float[] x, int xo, float scale, float max, float[] y, int yo, int n) {
        FloatVector s = FloatVector.zero(Lanes.F);
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            FloatVector e = VectorMath.exp(Lanes.at(x, xo + i).mul(scale).sub(max));
            s = s.add(e);
            e.intoArray(y, yo + i);
        }
        float sum = Lanes.sum(s);
        for (; i < n; i++) {
            float e = Twins.exp(x[xo + i] * scale - max);
            y[yo + i] = e;
            sum += e;
        }
        return sum;
    }

    /** The largest of {@code count} pairs of vectors that lie {@code step} apart. */
    static float most(float[] x, int xo, int step, int count) {
        FloatVector a = FloatVector.broadcast(Lanes.F, Float.NEGATIVE_INFINITY);
        FloatVector b = a;
        int at = xo;
        for (int p = 0; p < count; p++, at += step) {
            FloatVector v = FloatVector.fromArray(Lanes.F, x, at);
            a = a.blend(v, v.compare(VectorOperators.GT, a));
            v = FloatVector.fromArray(Lanes.F, x, at + Lanes.N);
            b = b.blend(v, v.compare(VectorOperators.GT, b));
        }
        return a.max(b).reduceLanes(VectorOperators.MAX);
    }

    /** Such values become 2^(scale x + shift); gives their sum. */
    static float powers(float[] x, int xo, int step, int count, float scale, float shift) {
        FloatVector s = FloatVector.zero(Lanes.F);
        FloatVector f = FloatVector.broadcast(Lanes.F, scale);
        FloatVector m = FloatVector.broadcast(Lanes.F, shift);
        // One vector a round: C2 has a budget for what it puts into one method.
        for (int i = 0; i < 2 * count; i++) {
            int at = xo + (i >> 1) * step + (i & 1) * Lanes.N;
            FloatVector e = VectorMath.exp2(FloatVector.fromArray(Lanes.F, x, at).fma(f, m));
            s = s.add(e);
            e.intoArray(x, at);
        }
        return Lanes.sum(s);
    }

    /** {@link Kernels#scaleRows} of rows of two vectors. */
    static void scaleRows(float[] t, int rows, float[] factors, int fo) {
        int at = 0;
        for (int i = fo; i < fo + rows; i++, at += 2 * Lanes.N) {
            FloatVector f = FloatVector.broadcast(Lanes.F, factors[i]);
            FloatVector.fromArray(Lanes.F, t, at).mul(f).intoArray(t, at);
            FloatVector.fromArray(Lanes.F, t, at + Lanes.N).mul(f).intoArray(t, at + Lanes.N);
        }
    }

    private static void multiply(float[] y, int yo, float f, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] *= f;
        }
    }
}
