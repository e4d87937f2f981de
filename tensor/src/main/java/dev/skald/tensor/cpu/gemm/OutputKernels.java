package dev.skald.tensor.cpu.gemm;

import dev.skald.tensor.Activation;
import dev.skald.tensor.cpu.elementwise.Arithmetic;
import dev.skald.tensor.cpu.elementwise.Functions;
import dev.skald.tensor.cpu.jit.JitKernel;
import dev.skald.tensor.cpu.jit.Lanes;
import dev.skald.tensor.cpu.memory.CpuTensor;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Stores the tiles of a product through its epilogue. */
public final class OutputKernels {
    private final boolean vectors;
    private final Functions functions;

    public OutputKernels(boolean vectors, Functions functions) {
        this.vectors = vectors;
        this.functions = functions;
    }

    /**
     * Stores a tile, which is used up.
     *
     * @param t {@code rows} rows of {@code width} values; those beyond the output's last column are
     *     left out
     * @param row the output row of the tile's first row
     * @param col the output column of the tile's first column
     */
    public void store(float[] t, int width, int rows, Output o, int b, int row, int col) {
        int n = Math.min(width, o.out().cols() - col);
        if (vectors && n % Lanes.N == 0 && o.epilogue().activation().alpha() == null) {
            boolean merges = o.residual() != null;
            if ((!merges || Merge.KERNEL.isReady(rows * n)) && Store.KERNEL.isReady(rows * n)) {
                storeVectors(t, width, rows, n, o, b, row, col);
                return;
            }
        }
        storeRows(t, width, rows, n, o, b, row, col);
    }

    private void storeRows(
            float[] t, int width, int rows, int n, Output o, int b, int row, int col) {
        float[] bias = o.bias();
        Activation activation = o.epilogue().activation();
        float scale = o.epilogue().scale();
        CpuTensor residual = o.residual();
        CpuTensor out = o.out();
        for (int i = 0; bias != null && i < rows; i++) {
            Arithmetic.add(t, i * width, bias, o.biasAt() + col, t, i * width, n);
        }
        boolean perChannel = activation.alpha() != null;
        if (activation.kind() != Activation.Kind.NONE && !perChannel) {
            functions.activate(activation, 0, t, 0, t, 0, rows * width);
        }
        for (int i = 0; i < rows; i++) {
            int from = i * width;
            int to = out.at(b, row + i) + col;
            if (perChannel) {
                functions.activate(activation, col, t, from, t, from, n);
            }
            if (residual != null) {
                int r = residual.at(b, row + i) + col;
                Arithmetic.addScaled(residual.data, r, t, from, scale, out.data, to, n);
            } else if (scale != 1) {
                Arithmetic.scale(t, from, scale, 0, out.data, to, n);
            } else {
                System.arraycopy(t, from, out.data, to, n);
            }
        }
    }

    private void storeVectors(
            float[] t, int width, int rows, int n, Output o, int b, int row, int col) {
        Activation activation = o.epilogue().activation();
        CpuTensor residual = o.residual();
        CpuTensor out = o.out();
        float[] bias = o.bias();
        int biasAt = o.biasAt() + col;
        boolean simple =
                switch (activation.kind()) {
                    case NONE, RELU, LEAKY_RELU -> true;
                    default -> false;
                };
        if (!simple) {
            // On the whole tile while it is in cache: one call of the function's loop.
            for (int j = 0; bias != null && j < n; j += Lanes.N) {
                Store.simd(t, j, width, rows, bias, biasAt + j, 1, 1, t, j, width);
            }
            functions.activate(activation, 0, t, 0, t, 0, rows * width);
        }
        float slope =
                switch (activation.kind()) {
                    case RELU -> 0;
                    case LEAKY_RELU -> activation.parameter();
                    default -> 1;
                };
        float scale = o.epilogue().scale();
        float[] add = simple && bias != null ? bias : Store.ZERO;
        int to = out.at(b, row) + col;
        for (int j = 0; j < n; j += Lanes.N) {
            int from = add == bias ? biasAt + j : 0;
            if (residual != null) {
                Merge.simd(
                        t,
                        j,
                        width,
                        rows,
                        add,
                        from,
                        slope,
                        scale,
                        residual.data,
                        residual.at(b, row) + col + j,
                        residual.rowStride,
                        out.data,
                        to + j,
                        out.rowStride);
            } else {
                Store.simd(
                        t,
                        j,
                        width,
                        rows,
                        add,
                        from,
                        slope,
                        scale,
                        out.data,
                        to + j,
                        out.rowStride);
            }
        }
    }

    /** Requests the kernels of every product. */
    public static void prepare() {
        Store.KERNEL.request();
        Merge.KERNEL.request();
    }

    /** One vector of columns: out = scale * leaky(t + bias). */
    private static final class Store extends JitKernel {
        static final JitKernel KERNEL = new Store();
        static final float[] ZERO = new float[Lanes.N];

        private Store() {}

        @Override
        protected void call(int vectors) {
            simd(X, 0, Lanes.N, vectors, X, 0, 1, 1, Y, 0, Lanes.N);
        }

        static void simd(
                float[] t,
                int to,
                int width,
                int rows,
                float[] bias,
                int biasAt,
                float slope,
                float scale,
                float[] out,
                int outAt,
                int outStep) {
            FloatVector b = Lanes.at(bias, biasAt);
            int o = outAt;
            int from = to;
            for (int i = 0; i < rows; i++, from += width, o += outStep) {
                FloatVector v = Lanes.at(t, from).add(b);
                v = v.blend(v.mul(slope), v.compare(VectorOperators.LT, 0f));
                v.mul(scale).intoArray(out, o);
            }
        }
    }

    /** One vector of columns: out = residual + scale * leaky(t + bias). */
    private static final class Merge extends JitKernel {
        static final JitKernel KERNEL = new Merge();

        private Merge() {}

        @Override
        protected void call(int vectors) {
            simd(X, 0, Lanes.N, vectors, X, 0, 1, 1, Y, 0, Lanes.N, Y, 0, Lanes.N);
        }

        static void simd(
                float[] t,
                int to,
                int width,
                int rows,
                float[] bias,
                int biasAt,
                float slope,
                float scale,
                float[] residual,
                int residualAt,
                int residualStep,
                float[] out,
                int outAt,
                int outStep) {
            FloatVector b = Lanes.at(bias, biasAt);
            int o = outAt;
            int from = to;
            int r = residualAt;
            for (int i = 0; i < rows; i++, from += width, o += outStep, r += residualStep) {
                FloatVector v = Lanes.at(t, from).add(b);
                v = v.blend(v.mul(slope), v.compare(VectorOperators.LT, 0f));
                Lanes.at(residual, r).add(v.mul(scale)).intoArray(out, o);
            }
        }
    }
}
