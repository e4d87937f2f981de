package dev.skald.tensor.cpu;

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

    static Compact of(Format format, int length, int columns) {
        return format == Format.BF16
                ? new Compact(new short[length + SLACK], null, null)
                : new Compact(null, new byte[length + SLACK], new float[columns]);
    }

    Compact copy() {
        return new Compact(
                halves == null ? null : halves.clone(),
                bytes == null ? null : bytes.clone(),
                scales == null ? null : scales.clone());
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
        if (bytes != null) {
            Packing.columns(rows, k, count, bytes, m.at(0, j), m.width());
        } else if (halves != null) {
            Packing.columns(rows, k, count, halves, m.at(0, j), m.width());
        }
    }

    /** Keeps {@code n} values of row kk from column j on, none beyond j's panel. */
    void row(Packed m, int kk, int j, float[] row, int from, int n) {
        int to = m.at(kk, j);
        if (bytes != null && scales != null) {
            Packing.bytes(row, from, scales, j, bytes, to, n);
        } else if (halves != null) {
            Packing.halves(row, from, halves, to, n);
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
