package dev.skald.tensor.cpu.gemm;

/** How the values of a matrix are stored. */
public enum Format {
    F32,
    /** bfloat16: half the bytes. */
    BF16,
    /** 8-bit integers with an fp32 scale a row (output channel): a quarter of the bytes. */
    INT8
}
