package dev.skald.tensor.cpu;

import dev.skald.tensor.Backend.Precision;
import org.jspecify.annotations.Nullable;

/**
 * The values of a {@link Packed} matrix in fewer bytes, at the same places: bfloat16, or 8-bit
 * integers with a scale a column (an output channel).
 *
 * @param halves the upper 16 bits of each value, or null
 * @param bytes each value over its column's scale, or null
 * @param scales a scale a column, as many as the panels have; null beside halves
 */
record Compact(short @Nullable [] halves, byte @Nullable [] bytes, float @Nullable [] scales) {
    /** More than the last values so that a vector may be read from each. */
    private static final int SLACK = 64;

    static Compact of(Precision precision, int length, int columns) {
        return precision == Precision.BF16
                ? new Compact(new short[length + SLACK], null, null)
                : new Compact(null, new byte[length + SLACK], new float[columns]);
    }

    /** Keeps column j, which holds {@code row}. */
    void column(Packed m, int j, float[] row) {
        if (bytes != null && scales != null) {
            float scale = Rounding.scale(row, m.k());
            scales[j] = scale;
            for (int k = 0; k < m.k(); k++) {
                bytes[m.at(k, j)] = (byte) Rounding.int8(row[k], scale);
            }
        } else if (halves != null) {
            for (int k = 0; k < m.k(); k++) {
                halves[m.at(k, j)] = (short) Rounding.bf16(row[k]);
            }
        }
    }

    /** Values {@code from ... from + n - 1} as floats, scales left out. */
    void unpack(int from, int n, float[] to) {
        if (bytes != null) {
            for (int i = 0; i < n; i++) {
                to[i] = bytes[from + i];
            }
        } else if (halves != null) {
            for (int i = 0; i < n; i++) {
                to[i] = Float.intBitsToFloat(halves[from + i] << 16);
            }
        }
    }
}
