package dev.skald.tensor.cpu.gemm;

import org.jspecify.annotations.Nullable;

/**
 * The values of a {@link PackedMatrix} matrix in fewer bytes, at the same places: bfloat16, or
 * 8-bit integers with a scale for each column (output channel).
 *
 * @param bf16 the upper 16 bits of each value, or null
 * @param int8 each value over its column's scale, or null
 * @param scales one scale for each column of the panels; null with bf16
 */
public record Quantized(
        short @Nullable [] bf16, byte @Nullable [] int8, float @Nullable [] scales) {
    /** Values behind the last one, so that a whole vector can be read from any index. */
    private static final int SLACK = 64;

    public static Quantized of(Format format, int length, int columns) {
        return format == Format.BF16
                ? new Quantized(new short[length + SLACK], null, null)
                : new Quantized(null, new byte[length + SLACK], new float[columns]);
    }

    public Quantized copy() {
        return new Quantized(
                bf16 == null ? null : bf16.clone(),
                int8 == null ? null : int8.clone(),
                scales == null ? null : scales.clone());
    }

    /**
     * Stores {@code count} columns from j on. They lie in {@code rows} one after the other; rows is
     * overwritten.
     */
    public void columns(PackedMatrix m, int j, float[] rows, int count) {
        int k = m.k();
        if (int8 != null && scales != null) {
            for (int i = 0; i < count; i++) {
                float scale = Rounding.scale(rows, i * k, k);
                scales[j + i] = scale;
                Rounding.toIntegers(rows, i * k, k, scale);
            }
        }
        if (int8 != null) {
            Packing.columns(rows, k, count, int8, m.at(0, j), m.width());
        } else if (bf16 != null) {
            Packing.columns(rows, k, count, bf16, m.at(0, j), m.width());
        }
    }

    /** Stores {@code n} values of row kk from column j on, none beyond the panel of j. */
    public void row(PackedMatrix m, int kk, int j, float[] row, int from, int n) {
        int to = m.at(kk, j);
        if (int8 != null && scales != null) {
            Packing.bytes(row, from, scales, j, int8, to, n);
        } else if (bf16 != null) {
            Packing.halves(row, from, bf16, to, n);
        }
    }

    /** Values {@code from ... from + n - 1} as floats, scales left out. */
    public void unpack(int from, int n, float[] to) {
        if (int8 != null) {
            for (int i = 0; i < n; i++) {
                to[i] = int8[from + i];
            }
        } else if (bf16 != null) {
            for (int i = 0; i < n; i++) {
                to[i] = Float.intBitsToFloat(bf16[from + i] << 16);
            }
        }
    }
}
