package dev.skald.tensor.cpu;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost loops of matrix products. Each holds its results in registers through the whole
 * sum. They are small and kept apart on purpose: C2 compiles one in tens of milliseconds, and
 * several of them inlined into one caller would pass its node budget and leave vectors on the heap.
 *
 * <p>A panel of the weight is two vectors wide.
 */
final class VectorProducts {
    private VectorProducts() {}

    /** Eight rows, two vectors of columns: for machines with 32 vector registers. */
    static void rows8(
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
        FloatVector zero = FloatVector.zero(Lanes.F);
        FloatVector a0 = zero;
        FloatVector b0 = zero;
        FloatVector a1 = zero;
        FloatVector b1 = zero;
        FloatVector a2 = zero;
        FloatVector b2 = zero;
        FloatVector a3 = zero;
        FloatVector b3 = zero;
        FloatVector a4 = zero;
        FloatVector b4 = zero;
        FloatVector a5 = zero;
        FloatVector b5 = zero;
        FloatVector a6 = zero;
        FloatVector b6 = zero;
        FloatVector a7 = zero;
        FloatVector b7 = zero;
        int p = wo;
        int row = ao;
        for (int t = 0; t < taps; t++, row += tapStep) {
            int end = row + k;
            for (int x = row; x < end; x++, p += 2 * Lanes.N) {
                FloatVector l = FloatVector.fromArray(Lanes.F, w, p);
                FloatVector r = FloatVector.fromArray(Lanes.F, w, p + Lanes.N);
                FloatVector v;
                v = FloatVector.broadcast(Lanes.F, a[x]);
                a0 = v.fma(l, a0);
                b0 = v.fma(r, b0);
                v = FloatVector.broadcast(Lanes.F, a[x + lda]);
                a1 = v.fma(l, a1);
                b1 = v.fma(r, b1);
                v = FloatVector.broadcast(Lanes.F, a[x + 2 * lda]);
                a2 = v.fma(l, a2);
                b2 = v.fma(r, b2);
                v = FloatVector.broadcast(Lanes.F, a[x + 3 * lda]);
                a3 = v.fma(l, a3);
                b3 = v.fma(r, b3);
                v = FloatVector.broadcast(Lanes.F, a[x + 4 * lda]);
                a4 = v.fma(l, a4);
                b4 = v.fma(r, b4);
                v = FloatVector.broadcast(Lanes.F, a[x + 5 * lda]);
                a5 = v.fma(l, a5);
                b5 = v.fma(r, b5);
                v = FloatVector.broadcast(Lanes.F, a[x + 6 * lda]);
                a6 = v.fma(l, a6);
                b6 = v.fma(r, b6);
                v = FloatVector.broadcast(Lanes.F, a[x + 7 * lda]);
                a7 = v.fma(l, a7);
                b7 = v.fma(r, b7);
            }
        }
        a0.intoArray(c, co);
        b0.intoArray(c, co + Lanes.N);
        a1.intoArray(c, co + 2 * Lanes.N);
        b1.intoArray(c, co + 3 * Lanes.N);
        a2.intoArray(c, co + 4 * Lanes.N);
        b2.intoArray(c, co + 5 * Lanes.N);
        a3.intoArray(c, co + 6 * Lanes.N);
        b3.intoArray(c, co + 7 * Lanes.N);
        a4.intoArray(c, co + 8 * Lanes.N);
        b4.intoArray(c, co + 9 * Lanes.N);
        a5.intoArray(c, co + 10 * Lanes.N);
        b5.intoArray(c, co + 11 * Lanes.N);
        a6.intoArray(c, co + 12 * Lanes.N);
        b6.intoArray(c, co + 13 * Lanes.N);
        a7.intoArray(c, co + 14 * Lanes.N);
        b7.intoArray(c, co + 15 * Lanes.N);
    }

    /**
     * Four rows, two vectors of columns: for machines with 16 vector registers, where C2 keeps no
     * more of them without spilling.
     */
    static void rows4(
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
        FloatVector zero = FloatVector.zero(Lanes.F);
        FloatVector a0 = zero;
        FloatVector b0 = zero;
        FloatVector a1 = zero;
        FloatVector b1 = zero;
        FloatVector a2 = zero;
        FloatVector b2 = zero;
        FloatVector a3 = zero;
        FloatVector b3 = zero;
        int p = wo;
        int row = ao;
        for (int t = 0; t < taps; t++, row += tapStep) {
            int end = row + k;
            for (int x = row; x < end; x++, p += 2 * Lanes.N) {
                FloatVector l = FloatVector.fromArray(Lanes.F, w, p);
                FloatVector r = FloatVector.fromArray(Lanes.F, w, p + Lanes.N);
                FloatVector v;
                v = FloatVector.broadcast(Lanes.F, a[x]);
                a0 = v.fma(l, a0);
                b0 = v.fma(r, b0);
                v = FloatVector.broadcast(Lanes.F, a[x + lda]);
                a1 = v.fma(l, a1);
                b1 = v.fma(r, b1);
                v = FloatVector.broadcast(Lanes.F, a[x + 2 * lda]);
                a2 = v.fma(l, a2);
                b2 = v.fma(r, b2);
                v = FloatVector.broadcast(Lanes.F, a[x + 3 * lda]);
                a3 = v.fma(l, a3);
                b3 = v.fma(r, b3);
            }
        }
        a0.intoArray(c, co);
        b0.intoArray(c, co + Lanes.N);
        a1.intoArray(c, co + 2 * Lanes.N);
        b1.intoArray(c, co + 3 * Lanes.N);
        a2.intoArray(c, co + 4 * Lanes.N);
        b2.intoArray(c, co + 5 * Lanes.N);
        a3.intoArray(c, co + 6 * Lanes.N);
        b3.intoArray(c, co + 7 * Lanes.N);
    }

    /**
     * One row, two vectors of columns; four partial sums, because a sum's next step waits for the
     * one before. For the few rows of decoding, where reading the weights is what takes time.
     */
    static void row1(
            float[] a, int ao, int taps, int tapStep, int k, float[] w, int wo, float[] c, int co) {
        FloatVector zero = FloatVector.zero(Lanes.F);
        FloatVector a0 = zero;
        FloatVector b0 = zero;
        FloatVector a1 = zero;
        FloatVector b1 = zero;
        FloatVector a2 = zero;
        FloatVector b2 = zero;
        FloatVector a3 = zero;
        FloatVector b3 = zero;
        int p = wo;
        int row = ao;
        for (int t = 0; t < taps; t++, row += tapStep) {
            int end = row + k;
            int x = row;
            for (; x < end - 3; x += 4, p += 8 * Lanes.N) {
                FloatVector v = FloatVector.broadcast(Lanes.F, a[x]);
                a0 = v.fma(FloatVector.fromArray(Lanes.F, w, p), a0);
                b0 = v.fma(FloatVector.fromArray(Lanes.F, w, p + Lanes.N), b0);
                v = FloatVector.broadcast(Lanes.F, a[x + 1]);
                a1 = v.fma(FloatVector.fromArray(Lanes.F, w, p + 2 * Lanes.N), a1);
                b1 = v.fma(FloatVector.fromArray(Lanes.F, w, p + 3 * Lanes.N), b1);
                v = FloatVector.broadcast(Lanes.F, a[x + 2]);
                a2 = v.fma(FloatVector.fromArray(Lanes.F, w, p + 4 * Lanes.N), a2);
                b2 = v.fma(FloatVector.fromArray(Lanes.F, w, p + 5 * Lanes.N), b2);
                v = FloatVector.broadcast(Lanes.F, a[x + 3]);
                a3 = v.fma(FloatVector.fromArray(Lanes.F, w, p + 6 * Lanes.N), a3);
                b3 = v.fma(FloatVector.fromArray(Lanes.F, w, p + 7 * Lanes.N), b3);
            }
            for (; x < end; x++, p += 2 * Lanes.N) {
                FloatVector v = FloatVector.broadcast(Lanes.F, a[x]);
                a0 = v.fma(FloatVector.fromArray(Lanes.F, w, p), a0);
                b0 = v.fma(FloatVector.fromArray(Lanes.F, w, p + Lanes.N), b0);
            }
        }
        a0.add(a1).add(a2.add(a3)).intoArray(c, co);
        b0.add(b1).add(b2.add(b3)).intoArray(c, co + Lanes.N);
    }

    static float dot(float[] a, int ao, float[] b, int bo, int n) {
        FloatVector s0 = FloatVector.zero(Lanes.F);
        FloatVector s1 = s0;
        int i = 0;
        for (; i < n - 2 * Lanes.N + 1; i += 2 * Lanes.N) {
            s0 =
                    FloatVector.fromArray(Lanes.F, a, ao + i)
                            .fma(FloatVector.fromArray(Lanes.F, b, bo + i), s0);
            s1 =
                    FloatVector.fromArray(Lanes.F, a, ao + i + Lanes.N)
                            .fma(FloatVector.fromArray(Lanes.F, b, bo + i + Lanes.N), s1);
        }
        if (i < n - Lanes.N + 1) {
            s0 =
                    FloatVector.fromArray(Lanes.F, a, ao + i)
                            .fma(FloatVector.fromArray(Lanes.F, b, bo + i), s0);
            i += Lanes.N;
        }
        float s = Lanes.sum(s0.add(s1));
        for (; i < n; i++) {
            s += a[ao + i] * b[bo + i];
        }
        return s;
    }

    static void axpy(float f, float[] x, int xo, float[] y, int yo, int n) {
        FloatVector v = FloatVector.broadcast(Lanes.F, f);
        int i = 0;
        for (; i < n - Lanes.N + 1; i += Lanes.N) {
            FloatVector.fromArray(Lanes.F, x, xo + i)
                    .fma(v, FloatVector.fromArray(Lanes.F, y, yo + i))
                    .intoArray(y, yo + i);
        }
        for (; i < n; i++) {
            y[yo + i] = Math.fma(x[xo + i], f, y[yo + i]);
        }
    }
}
