package dev.skald.tensor.cpu.gemm;

import dev.skald.tensor.cpu.jit.JitKernel;
import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;

/**
 * One or four rows times one panel, added to what is there: for the few rows of decoding. A value
 * is summed in the order of k, as in {@link BlockProduct}, which has the scalar form: so a row's
 * bits do not depend on how many rows are computed with it.
 */
final class RowProduct {
    private RowProduct() {}

    /** One row: {@code c += a w}. */
    static final class One extends JitKernel {
        static final JitKernel KERNEL = new One();

        private One() {}

        @Override
        protected void call(int vectors) {
            simd(X, 0, 2 * vectors, X, 0, Y, 0);
        }

        static void simd(float[] a, int ao, int k, float[] w, int wo, float[] c, int co) {
            FloatVector l = Lanes.at(c, co);
            FloatVector r = Lanes.at(c, co + Lanes.N);
            int p = wo;
            int end = ao + k;
            for (int x = ao; x < end; x++, p += 2 * Lanes.N) {
                FloatVector v = Lanes.all(a[x]);
                l = v.fma(Lanes.at(w, p), l);
                r = v.fma(Lanes.at(w, p + Lanes.N), r);
            }
            l.intoArray(c, co);
            r.intoArray(c, co + Lanes.N);
        }
    }

    /** Four rows: {@code c += a w}. Eight sums fit into 16 registers. */
    static final class Four extends JitKernel {
        static final JitKernel KERNEL = new Four();

        private Four() {}

        @Override
        protected void call(int vectors) {
            simd(X, 0, 1, 2, 3, 2 * vectors, X, 0, Y, 0, 2 * Lanes.N);
        }

        /**
         * The first row begins at {@code ao}, the others {@code r1 ... r3} behind it.
         *
         * @param ldc from one row of c to the next
         */
        static void simd(
                float[] a,
                int ao,
                int r1,
                int r2,
                int r3,
                int k,
                float[] w,
                int wo,
                float[] c,
                int co,
                int ldc) {
            FloatVector a0 = Lanes.at(c, co);
            FloatVector b0 = Lanes.at(c, co + Lanes.N);
            FloatVector a1 = Lanes.at(c, co + ldc);
            FloatVector b1 = Lanes.at(c, co + ldc + Lanes.N);
            FloatVector a2 = Lanes.at(c, co + 2 * ldc);
            FloatVector b2 = Lanes.at(c, co + 2 * ldc + Lanes.N);
            FloatVector a3 = Lanes.at(c, co + 3 * ldc);
            FloatVector b3 = Lanes.at(c, co + 3 * ldc + Lanes.N);
            int p = wo;
            int end = ao + k;
            for (int x = ao; x < end; x++, p += 2 * Lanes.N) {
                FloatVector l = Lanes.at(w, p);
                FloatVector r = Lanes.at(w, p + Lanes.N);
                FloatVector v = Lanes.all(a[x]);
                a0 = v.fma(l, a0);
                b0 = v.fma(r, b0);
                v = Lanes.all(a[x + r1]);
                a1 = v.fma(l, a1);
                b1 = v.fma(r, b1);
                v = Lanes.all(a[x + r2]);
                a2 = v.fma(l, a2);
                b2 = v.fma(r, b2);
                v = Lanes.all(a[x + r3]);
                a3 = v.fma(l, a3);
                b3 = v.fma(r, b3);
            }
            a0.intoArray(c, co);
            b0.intoArray(c, co + Lanes.N);
            a1.intoArray(c, co + ldc);
            b1.intoArray(c, co + ldc + Lanes.N);
            a2.intoArray(c, co + 2 * ldc);
            b2.intoArray(c, co + 2 * ldc + Lanes.N);
            a3.intoArray(c, co + 3 * ldc);
            b3.intoArray(c, co + 3 * ldc + Lanes.N);
        }
    }
}
