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

    private static final int TURN = 16;

    static Compact of(Precision precision, int length, int columns) {
        return precision == Precision.BF16
                ? new Compact(new short[length + SLACK], null, null)
                : new Compact(null, new byte[length + SLACK], new float[columns]);
    }

    /**
     * Keeps {@code count} columns from j on, which lie in {@code rows} one after the other and are
     * changed by it.
     */
    void columns(Packed m, int j, float[] rows, int count) {
        int k = m.k();
        if (bytes != null && scales != null) {
            for (int i = 0; i < count; i++) {
                float scale = Rounding.scale(rows, i * k, k);
                scales[j + i] = scale;
                Rounding.toIntegers(rows, i * k, k, scale);
            }
        }
        // A few rows of each column in turn, so that what is written stays in cache.
        for (int k0 = 0; k0 < k; k0 += TURN) {
            int n = Math.min(TURN, k - k0);
            for (int i = 0; i < count; i++) {
                int from = i * k + k0;
                int to = m.at(k0, j + i);
                if (bytes != null) {
                    for (int x = 0; x < n; x++, to += m.width()) {
                        bytes[to] = (byte) rows[from + x];
                    }
                } else if (halves != null) {
                    for (int x = 0; x < n; x++, to += m.width()) {
                        halves[to] = (short) Rounding.bf16(rows[from + x]);
                    }
                }
            }
        }
    }

    /** Keeps {@code n} values of row kk from column j on, none beyond j's panel. */
    void row(Packed m, int kk, int j, float[] row, int from, int n) {
        int to = m.at(kk, j);
        if (bytes != null && scales != null) {
            for (int i = 0; i < n; i++) {
                float v = row[from + i] * Rounding.inverse(scales[j + i]);
                bytes[to + i] = (byte) Rounding.integer(v);
            }
        } else if (halves != null) {
            for (int i = 0; i < n; i++) {
                halves[to + i] = (short) Rounding.bf16(row[from + i]);
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
