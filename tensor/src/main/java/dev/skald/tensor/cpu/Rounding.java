package dev.skald.tensor.cpu;

import dev.skald.tensor.Backend.Precision;

/** Rounds a row of weights to the values a precision can hold. */
final class Rounding {
    private Rounding() {}

    static void apply(Precision precision, float[] row, int n) {
        switch (precision) {
            case F32 -> {}
            case BF16 -> {
                for (int i = 0; i < n; i++) {
                    row[i] = Float.intBitsToFloat(bf16(row[i]) << 16);
                }
            }
            case INT8 -> {
                float scale = scale(row, n);
                for (int i = 0; i < n; i++) {
                    row[i] = int8(row[i], scale) * scale;
                }
            }
        }
    }

    /** The nearest bfloat16, ties to even, as its 16 bits. */
    static int bf16(float v) {
        int bits = Float.floatToRawIntBits(v);
        return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
    }

    /** The scale at which a row's largest value is 127. */
    static float scale(float[] row, int n) {
        float max = 0;
        for (int i = 0; i < n; i++) {
            max = Math.max(max, Math.abs(row[i]));
        }
        return max / 127;
    }

    static int int8(float v, float scale) {
        return scale == 0 ? 0 : Math.clamp(Math.round(v / scale), -127, 127);
    }
}
