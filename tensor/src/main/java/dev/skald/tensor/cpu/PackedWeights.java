package dev.skald.tensor.cpu;

import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Conv2d;
import dev.skald.tensor.Parameters.ConvTranspose1d;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Parameters.Lstm;
import dev.skald.tensor.cpu.conv.Im2col;
import dev.skald.tensor.cpu.conv.Winograd;
import dev.skald.tensor.cpu.gemm.PackedMatrix;
import org.jspecify.annotations.Nullable;

/** Weights as the kernels want them. */
final class PackedWeights {
    private PackedWeights() {}

    record CpuLinear(int in, int out, PackedMatrix matrix, float @Nullable [] bias)
            implements Linear {}

    /**
     * One matrix (kernel * in / groups, out / groups) a group; instead of them a depthwise
     * convolution has taps (kernel, channels), one of stride 1 that suits {@link Winograd} a
     * filter.
     */
    record CpuConv1d(
            int in,
            int out,
            int kernel,
            int stride,
            int dilation,
            PackedMatrix[] groups,
            Winograd.@Nullable Filter filter,
            float @Nullable [] taps,
            float @Nullable [] bias)
            implements Conv1d {}

    /**
     * A convolution over the input's rows, each of whose outputs is {@code stride} rows one behind
     * the other, {@code padding} of them cut off at the start.
     */
    record CpuConvTranspose1d(int in, int out, int kernel, int stride, int padding, CpuConv1d steps)
            implements ConvTranspose1d {}

    /** Matrix (kernelH * kernelW * in, out). */
    record CpuConv2d(int out, Im2col windows, PackedMatrix matrix, float @Nullable [] bias)
            implements Conv2d {
        @Override
        public int in() {
            return windows.in();
        }
    }

    /** Input matrix (in, 4H) with both biases, hidden matrix (H, 4H). */
    record CpuLstm(CpuLinear input, PackedMatrix recurrent, int hidden) implements Lstm {
        @Override
        public int in() {
            return input.in();
        }
    }

    record CpuEmbedding(int entries, int dim, float[] table) implements Embedding {}
}
