package dev.skald.tensor.cpu.gemm;

/**
 * Rows of a left operand, each made of {@code runs} runs of {@code k} values: row i begins at
 * {@code offset + i * stride}, its run r {@code r * runStep} behind that. A convolution's windows
 * have a run for each tap.
 */
public record RowBlock(
        float[] data, int offset, int stride, int count, int runs, int runStep, int k) {
    /** Rows of one run. */
    public static RowBlock of(float[] data, int offset, int stride, int count, int k) {
        return new RowBlock(data, offset, stride, count, 1, 0, k);
    }
}
