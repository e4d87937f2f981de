package dev.skald.tensor.cpu.gemm;

import dev.skald.tensor.cpu.jit.JitKernel;
import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;

/** One row times one panel: for the few rows of decoding. */
final class RowProduct {
    private RowProduct() {}

    /** The scalar form: four partial sums a column, as in the vector loop. */
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

    /** The vector form. */
    static final class Simd extends JitKernel {
        static final JitKernel KERNEL = new Simd();

        private Simd() {}

        @Override
        protected void call(int vectors) {
            simd(X, 0, 1, 0, 5 * Math.min(vectors, 4), X, 0, Y, 0);
        }

        /**
         * One row, two vectors of columns; four partial sums, because a sum's next step waits for
         * the one before. For the few rows of decoding, where reading the weights is what takes
         * time.
         */
        static void simd(
                float[] a,
                int ao,
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
                int x = row;
                for (; x < end - 3; x += 4, p += 8 * Lanes.N) {
                    FloatVector v = Lanes.all(a[x]);
                    a0 = v.fma(Lanes.at(w, p), a0);
                    b0 = v.fma(Lanes.at(w, p + Lanes.N), b0);
                    v = Lanes.all(a[x + 1]);
                    a1 = v.fma(Lanes.at(w, p + 2 * Lanes.N), a1);
                    b1 = v.fma(Lanes.at(w, p + 3 * Lanes.N), b1);
                    v = Lanes.all(a[x + 2]);
                    a2 = v.fma(Lanes.at(w, p + 4 * Lanes.N), a2);
                    b2 = v.fma(Lanes.at(w, p + 5 * Lanes.N), b2);
                    v = Lanes.all(a[x + 3]);
                    a3 = v.fma(Lanes.at(w, p + 6 * Lanes.N), a3);
                    b3 = v.fma(Lanes.at(w, p + 7 * Lanes.N), b3);
                }
                for (; x < end; x++, p += 2 * Lanes.N) {
                    FloatVector v = Lanes.all(a[x]);
                    a0 = v.fma(Lanes.at(w, p), a0);
                    b0 = v.fma(Lanes.at(w, p + Lanes.N), b0);
                }
            }
            a0.add(a1).add(a2.add(a3)).intoArray(c, co);
            b0.add(b1).add(b2.add(b3)).intoArray(c, co + Lanes.N);
        }
    }
}
