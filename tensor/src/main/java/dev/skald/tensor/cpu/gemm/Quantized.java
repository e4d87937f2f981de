package dev.skald.tensor.cpu.gemm;

import java.util.Objects;
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
     * Stores {@code count} columns from j on as integers. They lie in {@code rows} one after the
     * other; rows is overwritten.
     */
    void columns(PackedMatrix m, int j, float[] rows, int count) {
        byte[] to = Objects.requireNonNull(int8);
        float[] scale = Objects.requireNonNull(scales);
        int k = m.k();
        for (int i = 0; i < count; i++) {
            scale[j + i] = Rounding.scale(rows, i * k, k);
            Rounding.toIntegers(rows, i * k, k, scale[j + i]);
        }
        Packing.columns(rows, k, count, to, m.at(0, j), m.width());
    }

    /** Stores {@code n} values of row kk from column j on, none beyond the panel of j. */
    void row(PackedMatrix m, int kk, int j, float[] row, int from, int n) {
        byte[] to = Objects.requireNonNull(int8);
        Packing.bytes(row, from, Objects.requireNonNull(scales), j, to, m.at(kk, j), n);
    }

    /** Values {@code from ... from + n - 1} as floats, scales left out. */
    public void unpack(int from, int n, float[] to, int at) {
        if (int8 != null) {
            for (int i = 0; i < n; i++) {
                to[at + i] = int8[from + i];
            }
        } else if (bf16 != null) {
            for (int i = 0; i < n; i++) {
                to[at + i] = Float.intBitsToFloat(bf16[from + i] << 16);
            }
        }
    }
}
