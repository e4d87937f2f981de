package dev.skald.tensor.cpu.gemm;

import dev.skald.tensor.cpu.jit.JitKernel;
import dev.skald.tensor.cpu.jit.Lanes;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * The micro-kernel: several rows of the left operand times one panel, two vectors wide, of the
 * right one. The results stay in registers through the whole sum. Each loop is small and a method
 * of its own: C2 compiles it in tens of milliseconds, and several of them inlined into one caller
 * would pass its node budget and leave vectors on the heap.
 */
final class BlockProduct {
    private BlockProduct() {}

    /** One row of a block in the order of sums of the vector loops. */
    static void scalar(
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
        Arrays.fill(c, co, co + width, 0);
        for (int t = 0; t < taps; t++) {
            add(a, ao + t * tapStep, k, w, wo + t * k * width, c, co, width);
        }
    }

    /** One row of one run, added to what is there. */
    static void add(float[] a, int ao, int k, float[] w, int wo, float[] c, int co, int width) {
        int p = wo;
        for (int x = ao; x < ao + k; x++, p += width) {
            fused(a[x], w, p, c, co, width);
        }
    }

    private static void fused(float f, float[] w, int wo, float[] c, int co, int n) {
        for (int j = 0; j < n; j++) {
            c[co + j] = Math.fma(f, w[wo + j], c[co + j]);
        }
    }

    /** The vector form. */
    static final class Simd extends JitKernel {
        static final JitKernel KERNEL = new Simd();

        private static final boolean EIGHT = Lanes.manyRegisters();

        /** Rows computed at once. */
        static final int ROWS = EIGHT ? 8 : 4;

        private Simd() {}

        /** {@link #ROWS} rows from index {@code ao} on, {@code lda} apart. */
        static void run(
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
                simdRows8(a, ao, lda, taps, tapStep, k, w, wo, c, co);
            } else {
                simdRows4(a, ao, lda, taps, tapStep, k, w, wo, c, co);
            }
        }

        @Override
        protected void call(int vectors) {
            run(X, 0, 1, 1, 0, vectors, X, 0, Y, 0);
        }

        /** Eight rows, two vectors of columns: for machines with 32 vector registers. */
        static void simdRows8(
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
                    FloatVector l = Lanes.at(w, p);
                    FloatVector r = Lanes.at(w, p + Lanes.N);
                    FloatVector v;
                    v = Lanes.all(a[x]);
                    a0 = v.fma(l, a0);
                    b0 = v.fma(r, b0);
                    v = Lanes.all(a[x + lda]);
                    a1 = v.fma(l, a1);
                    b1 = v.fma(r, b1);
                    v = Lanes.all(a[x + 2 * lda]);
                    a2 = v.fma(l, a2);
                    b2 = v.fma(r, b2);
                    v = Lanes.all(a[x + 3 * lda]);
                    a3 = v.fma(l, a3);
                    b3 = v.fma(r, b3);
                    v = Lanes.all(a[x + 4 * lda]);
                    a4 = v.fma(l, a4);
                    b4 = v.fma(r, b4);
                    v = Lanes.all(a[x + 5 * lda]);
                    a5 = v.fma(l, a5);
                    b5 = v.fma(r, b5);
                    v = Lanes.all(a[x + 6 * lda]);
                    a6 = v.fma(l, a6);
                    b6 = v.fma(r, b6);
                    v = Lanes.all(a[x + 7 * lda]);
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
         * Four rows, two vectors of columns: for machines with 16 vector registers, where C2 keeps
         * no more of them without spilling.
         */
        static void simdRows4(
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
                    FloatVector l = Lanes.at(w, p);
                    FloatVector r = Lanes.at(w, p + Lanes.N);
                    FloatVector v;
                    v = Lanes.all(a[x]);
                    a0 = v.fma(l, a0);
                    b0 = v.fma(r, b0);
                    v = Lanes.all(a[x + lda]);
                    a1 = v.fma(l, a1);
                    b1 = v.fma(r, b1);
                    v = Lanes.all(a[x + 2 * lda]);
                    a2 = v.fma(l, a2);
                    b2 = v.fma(r, b2);
                    v = Lanes.all(a[x + 3 * lda]);
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
    }
}
