package dev.skald.cuda;

import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Conv2d;
import dev.skald.tensor.Parameters.ConvTranspose1d;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Parameters.Lstm;
import java.util.List;

/** Weights as the kernels want them; addresses on the device. */
final class CudaWeights {
    private CudaWeights() {}

    /** The types of numbers in memory, numbered as {@code common.cuh} does. */
    enum Type {
        F32,
        F16,
        BF16;

        int bytes() {
            return this == F32 ? Float.BYTES : Short.BYTES;
        }
    }

    /**
     * A packed matrix of {@code gemm.cuh}.
     *
     * @param columns N
     * @param padded N, a multiple of 64
     * @param bias an fp32 value a column; 0 for none
     * @param activations whether these are no weights: their widths may be those of a bucket, which
     *     the order of sums must not depend on
     */
    record Matrix(
            long address,
            Type type,
            int columns,
            int padded,
            int taps,
            long bias,
            boolean activations) {
        Matrix(long address, Type type, int columns, int padded, int taps, long bias) {
            this(address, type, columns, padded, taps, bias, false);
        }
    }

    record CudaLinear(int in, int out, Matrix matrix) implements Linear {}

    /**
     * A convolution: a matrix a group, or, of one channel a group, plain taps (C, kernel).
     *
     * @param taps address of a depthwise one's weights; 0 if it has groups
     */
    record CudaConv1d(
            int in,
            int out,
            int kernel,
            int stride,
            int dilation,
            List<Matrix> groups,
            long taps,
            long bias)
            implements Conv1d {}

    record CudaConvTranspose1d(int in, int out, int kernel, int stride, int padding, Matrix matrix)
            implements ConvTranspose1d {}

    record CudaConv2d(
            int in,
            int out,
            int kernelH,
            int kernelW,
            int strideH,
            int strideW,
            int paddingH,
            int paddingW,
            Matrix matrix)
            implements Conv2d {}

    /** Input map with both biases; the hidden weight transposed, (H, 4H). */
    record CudaLstm(CudaLinear input, long recurrent, int hidden) implements Lstm {
        @Override
        public int in() {
            return input.in();
        }
    }

    record CudaEmbedding(int entries, int dim, long table) implements Embedding {}
}
