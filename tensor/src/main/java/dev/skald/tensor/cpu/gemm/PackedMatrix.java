package dev.skald.tensor.cpu.gemm;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A matrix (k, n) as panels of {@code width} columns: value (kk, j) of panel p lies at {@code base
 * + (p * k + kk) * width + j}; the last panel is filled up with zeros. One of few columns is
 * transposed instead: value (kk, j) lies at {@code base + j * k + kk}.
 */
public record PackedMatrix(
        float[] values, int base, int k, int n, int width, @Nullable Quantized quantized) {
    public PackedMatrix(float[] values, int base, int k, int n, int width) {
        this(values, base, k, n, width, null);
    }

    /** Up to so many columns a matrix is transposed, so that a panel is not mostly zeros. */
    public static final int NARROW = 4;

    /** The width that means transposed. */
    public static final int TRANSPOSED = 0;

    public static PackedMatrix of(int k, int n, int width) {
        return new PackedMatrix(new float[length(k, n, width)], 0, k, n, width);
    }

    /** A matrix stored in a format; a narrow one stays in fp32, because it has few values. */
    public static PackedMatrix of(int k, int n, int width, Format format) {
        if (format == Format.F32 || width == TRANSPOSED) {
            return of(k, n, width);
        }
        int length = length(k, n, width);
        return new PackedMatrix(
                new float[0],
                0,
                k,
                n,
                width,
                Quantized.of(format, length, (n + width - 1) / width * width));
    }

    /**
     * Sets {@code count} columns from j on, of one panel, to what lies in {@code rows} one after
     * the other, rounded to what the precision holds; rows is overwritten.
     */
    public void columns(int j, float[] rows, int count) {
        if (quantized != null) {
            quantized.columns(this, j, rows, count);
            return;
        }
        if (isTransposed()) {
            System.arraycopy(rows, 0, values, at(0, j), count * k);
        } else {
            Packing.columns(rows, k, count, values, at(0, j), width);
        }
    }

    /** The same of values that are bfloat16, as {@link Quantized#bf16} keeps them. */
    public void columns(int j, short[] rows, int count) {
        Packing.columns(rows, k, count, bf16(), at(0, j), width);
    }

    private short[] bf16() {
        return Objects.requireNonNull(Objects.requireNonNull(quantized).bf16());
    }

    /** Whether its values are bfloat16. */
    public boolean isBf16() {
        return quantized != null && quantized.bf16() != null;
    }

    /** Sets column j to a convolution's (channels, taps) as (taps, channels). */
    public void channelsLast(int j, float[] row, int channels, int taps) {
        Packing.transpose(row, channels, taps, values, at(0, j), isTransposed() ? 1 : width);
    }

    /** Sets row kk to values from {@code from} on. */
    public void row(int kk, float[] source, int from) {
        for (int j = 0; j < n; j += Math.max(1, width)) {
            int count = isTransposed() ? 1 : Math.min(width, n - j);
            if (quantized == null) {
                System.arraycopy(source, from + j, values, at(kk, j), count);
            } else {
                quantized.row(this, kk, j, source, from + j, count);
            }
        }
    }

    /** The same of bfloat16. */
    public void row(int kk, short[] source, int from) {
        for (int j = 0; j < n; j += width) {
            System.arraycopy(source, from + j, bf16(), at(kk, j), Math.min(width, n - j));
        }
    }

    public static int length(int k, int n, int width) {
        if (width == TRANSPOSED) {
            return Math.multiplyExact(k, n);
        }
        return Math.multiplyExact(Math.multiplyExact((n + width - 1) / width, width), k);
    }

    public int panels() {
        return isTransposed() ? 1 : (n + width - 1) / width;
    }

    public int panel(int p) {
        return base + p * k * width;
    }

    public boolean isTransposed() {
        return width == TRANSPOSED;
    }

    public int at(int kk, int j) {
        if (isTransposed()) {
            return base + j * k + kk;
        }
        return base + (j / width * k + kk) * width + j % width;
    }

    /** Packs k rows of n columns: row kk begins at {@code from + kk * step}. */
    public void packRows(float[] source, int from, int step) {
        packRows(0, k, source, from, step);
    }

    /** The same of rows [k0, k1) alone. */
    public void packRows(int k0, int k1, float[] source, int from, int step) {
        for (int p = 0; p < panels(); p++) {
            int count = Math.min(width, n - p * width);
            int to = at(k0, p * width);
            int at = from + k0 * step + p * width;
            for (int kk = k0; kk < k1; kk++, to += width, at += step) {
                System.arraycopy(source, at, values, to, count);
                if (count < width) {
                    Arrays.fill(values, to + count, to + width, 0);
                }
            }
        }
    }

    /** Sets rows [k0, k1) to zeros. */
    public void clearRows(int k0, int k1) {
        for (int p = 0; k0 < k1 && p < panels(); p++) {
            int at = at(k0, p * width);
            Arrays.fill(values, at, at + (k1 - k0) * width, 0);
        }
    }

    /** Packs n rows of k columns, transposed: row j begins at {@code from + j * step}. */
    public void packColumns(float[] source, int from, int step) {
        for (int p = 0; p < panels(); p++) {
            packColumns(p, source, from, step);
        }
    }

    /** The same of panel p alone. */
    public void packColumns(int p, float[] source, int from, int step) {
        int count = Math.min(width, n - p * width);
        int to = panel(p);
        if (count < width) {
            Arrays.fill(values, to, to + k * width, 0);
        }
        for (int j = 0; j < count; j++) {
            int at = from + (p * width + j) * step;
            int o = to + j;
            for (int x = at; x < at + k; x++, o += width) {
                values[o] = source[x];
            }
        }
    }
}
