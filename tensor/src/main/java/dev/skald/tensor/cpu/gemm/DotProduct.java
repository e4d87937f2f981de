package dev.skald.tensor.cpu.gemm;

import dev.skald.tensor.cpu.jit.JitKernel;
import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.FloatVector;

/** The sum of the products of two rows. */
final class DotProduct {
    private DotProduct() {}

    /** Without vectors: four partial sums. */
    static float exact(float[] a, int ao, float[] b, int bo, int n) {
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

    /** The scalar form: a partial sum for each lane of two vectors, added up as the lanes are. */
    static float scalar(float[] a, int ao, float[] b, int bo, int n) {
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

    /** The vector form. */
    static final class Simd extends JitKernel {
        static final JitKernel KERNEL = new Simd();

        private Simd() {}

        @Override
        protected void call(int vectors) {
            Y[0] = simd(X, 0, X, 0, 3 * vectors * Lanes.N);
        }

        static float simd(float[] a, int ao, float[] b, int bo, int n) {
            FloatVector s0 = FloatVector.zero(Lanes.F);
            FloatVector s1 = s0;
            int i = 0;
            for (; i < n - 2 * Lanes.N + 1; i += 2 * Lanes.N) {
                s0 = Lanes.at(a, ao + i).fma(Lanes.at(b, bo + i), s0);
                s1 = Lanes.at(a, ao + i + Lanes.N).fma(Lanes.at(b, bo + i + Lanes.N), s1);
            }
            if (i < n - Lanes.N + 1) {
                s0 = Lanes.at(a, ao + i).fma(Lanes.at(b, bo + i), s0);
                i += Lanes.N;
            }
            float s = Lanes.sum(s0.add(s1));
            for (; i < n; i++) {
                s += a[ao + i] * b[bo + i];
            }
            return s;
        }
    }
}
