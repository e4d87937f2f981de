package dev.skald.tensor.cpu.gemm;

import dev.skald.tensor.Conversion;

/** Rounds a row of weights to the values a format can hold. */
public final class Rounding {
    private static final float ROUND = 12582912f;

    private Rounding() {}

    public static void apply(Format format, float[] row, int n) {
        switch (format) {
            case F32 -> {}
            case BF16 -> {
                for (int i = 0; i < n; i++) {
                    row[i] = Float.intBitsToFloat(bf16(row[i]) << 16);
                }
            }
            case INT8 -> {
                float scale = scale(row, 0, n);
                toIntegers(row, 0, n, scale);
                for (int i = 0; i < n; i++) {
                    row[i] *= scale;
                }
            }
        }
    }

    /** The nearest bfloat16, ties to even, as its 16 bits. */
    public static short bf16(float v) {
        return Conversion.bf16(Float.floatToRawIntBits(v));
    }

    /** The scale at which the largest value is 127. */
    public static float scale(float[] row, int from, int n) {
        float max = 0;
        for (int i = from; i < from + n; i++) {
            max = Math.max(max, Math.abs(row[i]));
        }
        return max / 127;
    }

    /** Values over their scale as the nearest integers of -127 to 127, ties to even. */
    static void toIntegers(float[] row, int from, int n, float scale) {
        float inverse = inverse(scale);
        for (int i = from; i < from + n; i++) {
            row[i] = integer(row[i] * inverse);
        }
    }

    public static float inverse(float scale) {
        return scale < 1e-37f ? 0 : 1 / scale;
    }

    /** The nearest integer of a value whose size is far below 2^22. */
    public static float integer(float v) {
        return Math.min(Math.max((v + ROUND) - ROUND, -127f), 127f);
    }
}
