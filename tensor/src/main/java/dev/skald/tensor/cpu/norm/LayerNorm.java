package dev.skald.tensor.cpu.norm;

import dev.skald.tensor.cpu.jit.JitKernel;
import dev.skald.tensor.cpu.jit.Lanes;
import dev.skald.tensor.cpu.memory.CpuTensor;

/** (x - mean) / sqrt(variance + eps) * gamma + beta. */
final class LayerNorm {
    private LayerNorm() {}

    static void exact(
            CpuTensor gamma,
            CpuTensor beta,
            float eps,
            float[] x,
            int xo,
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
        float[] g = gamma.data;
        float[] b = beta.data;
        for (int i = 0; i < n; i++) {
            y[yo + i] = (float) ((x[xo + i] - mean) * r) * g[gamma.offset + i] + b[beta.offset + i];
        }
    }

    static void vectors(
            CpuTensor gamma,
            CpuTensor beta,
            float eps,
            float[] x,
            int xo,
            float[] y,
            int yo,
            int n) {
        float mean = RowSums.sum(x, xo, n) / n;
        float r = (float) (1 / Math.sqrt(RowSums.squares(x, xo, mean, n) / n + eps));
        float[] g = gamma.data;
        int go = gamma.offset;
        float[] b = beta.data;
        int bo = beta.offset;
        if (Simd.KERNEL.isReady(n)) {
            Simd.simd(x, xo, mean, r, g, go, b, bo, y, yo, n);
            return;
        }
        for (int i = 0; i < n; i++) {
            y[yo + i] = Math.fma((x[xo + i] - mean) * r, g[go + i], b[bo + i]);
        }
    }

    /** The vector form of what follows the sums: (x - mean) * r * gamma + beta. */
    static final class Simd extends JitKernel {
        static final JitKernel KERNEL = new Simd();

        private Simd() {}

        @Override
        protected void call(int vectors) {
            simd(X, 0, 0, 1, X, 0, X, 0, Y, 0, vectors * Lanes.N);
        }

        static void simd(
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
    }
}
