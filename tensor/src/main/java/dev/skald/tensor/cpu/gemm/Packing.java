package dev.skald.tensor.cpu.gemm;

/**
 * The loops that pack weights. Each is a method of its own that handles one row or one panel:
 * HotSpot then compiles it early and once. Inlined into their callers, these loops would be
 * compiled several times, each time on stack while a caller's loop runs.
 */
public final class Packing {
    /** Rows that are written of each column in turn, so that they stay in cache. */
    private static final int STRIP = 16;

    private Packing() {}

    /** Columns of k values, one after the other, as columns of a panel of {@code width}. */
    static void columns(float[] rows, int k, int count, float[] to, int at, int width) {
        for (int k0 = 0; k0 < k; k0 += STRIP) {
            columns(rows, k0, Math.min(STRIP, k - k0), k, count, to, at + k0 * width, width);
        }
    }

    private static void columns(
            float[] rows, int k0, int n, int k, int count, float[] to, int at, int width) {
        for (int i = 0; i < count; i++) {
            for (int x = i * k + k0, end = x + n, o = at + i; x < end; x++, o += width) {
                to[o] = rows[x];
            }
        }
    }

    /** The same of bfloat16. */
    static void columns(short[] rows, int k, int count, short[] to, int at, int width) {
        for (int k0 = 0; k0 < k; k0 += STRIP) {
            columns(rows, k0, Math.min(STRIP, k - k0), k, count, to, at + k0 * width, width);
        }
    }

    private static void columns(
            short[] rows, int k0, int n, int k, int count, short[] to, int at, int width) {
        for (int i = 0; i < count; i++) {
            for (int x = i * k + k0, end = x + n, o = at + i; x < end; x++, o += width) {
                to[o] = rows[x];
            }
        }
    }

    /** The same of integers. */
    static void columns(float[] rows, int k, int count, byte[] to, int at, int width) {
        for (int k0 = 0; k0 < k; k0 += STRIP) {
            columns(rows, k0, Math.min(STRIP, k - k0), k, count, to, at + k0 * width, width);
        }
    }

    private static void columns(
            float[] rows, int k0, int n, int k, int count, byte[] to, int at, int width) {
        for (int i = 0; i < count; i++) {
            for (int x = i * k + k0, end = x + n, o = at + i; x < end; x++, o += width) {
                to[o] = (byte) rows[x];
            }
        }
    }

    /** Values, each over the scale of its column, as integers. */
    static void bytes(float[] from, int at, float[] scales, int s, byte[] to, int o, int n) {
        for (int i = 0; i < n; i++) {
            float v = from[at + i] * Rounding.inverse(scales[s + i]);
            to[o + i] = (byte) Rounding.integer(v);
        }
    }

    /** The larger one of each value and what was known. */
    public static void largest(float[] row, int at, float[] known, int n) {
        for (int i = 0; i < n; i++) {
            known[i] = Math.max(known[i], Math.abs(row[at + i]));
        }
    }

    /** (rows, columns), from {@code at} on, as (columns, rows), whose rows are a step apart. */
    public static void transpose(
            float[] from, int rows, int columns, float[] to, int at, int step) {
        for (int c = 0; c < columns; c++) {
            for (int r = 0, x = c, o = at + c * rows * step;
                    r < rows;
                    r++, x += columns, o += step) {
                to[o] = from[x];
            }
        }
    }

    /** {@code y[i] = sum over taps t: at[t] x[from + t n + i]}, summed in fp64. */
    public static void evaluate(double[] at, float[] x, int from, int n, float[] y, int yo) {
        for (int i = 0; i < n; i++) {
            double sum = 0;
            for (int t = 0, o = from + i; t < at.length; t++, o += n) {
                sum += at[t] * x[o];
            }
            y[yo + i] = (float) sum;
        }
    }

    /**
     * One input channel of a transposed convolution, (out, kernel), as its part of the convolution
     * (stride * out, in, taps) that has an output for each row of a step.
     */
    public static void steps(
            float[] row, int out, int kernel, int stride, int taps, int in, float[] to, int c) {
        for (int o = 0; o < out; o++) {
            for (int t = 0; t < kernel; t++) {
                int at = (t % stride * out + o) * in + c;
                to[at * taps + taps - 1 - t / stride] = row[o * kernel + t];
            }
        }
    }
}
