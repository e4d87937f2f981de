package dev.skald.tensor.cpu.memory;

import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** A strided view of a float array. */
public final class CpuTensor implements Tensor {
    public final float[] data;
    public final int offset;
    private final int batch;
    private final int rows;
    private final int cols;
    public final int batchStride;
    public final int rowStride;
    private final @Nullable Ints lengths;

    public CpuTensor(
            float[] data,
            int offset,
            int batch,
            int rows,
            int cols,
            int batchStride,
            int rowStride) {
        this(data, offset, batch, rows, cols, batchStride, rowStride, null);
    }

    private CpuTensor(
            float[] data,
            int offset,
            int batch,
            int rows,
            int cols,
            int batchStride,
            int rowStride,
            @Nullable Ints lengths) {
        this.lengths = lengths;
        this.data = data;
        this.offset = offset;
        this.batch = batch;
        this.rows = rows;
        this.cols = cols;
        this.batchStride = batchStride;
        this.rowStride = rowStride;
    }

    public static CpuTensor dense(float[] data, int offset, int batch, int rows, int cols) {
        return new CpuTensor(data, offset, batch, rows, cols, rows * cols, cols);
    }

    @Override
    public int batch() {
        return batch;
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int cols() {
        return cols;
    }

    @Override
    public @Nullable Ints lengths() {
        return lengths;
    }

    @Override
    public CpuTensor valid(Ints of) {
        if (of.count() != batch) {
            throw new IllegalArgumentException(of.count() + " lengths for " + this);
        }
        return new CpuTensor(data, offset, batch, rows, cols, batchStride, rowStride, of);
    }

    @Override
    public CpuTensor unpadded(int valid) {
        check(batch == 1 && 0 <= valid && valid <= rows, "valid rows", 0, valid);
        return new CpuTensor(data, offset, 1, valid, cols, batchStride, rowStride);
    }

    /** Index of the first value of a row. */
    public int at(int b, int row) {
        return offset + b * batchStride + row * rowStride;
    }

    public int size() {
        return batch * rows * cols;
    }

    /** Whether the values lie in order without gaps. */
    public boolean isDense() {
        return (rows == 1 || rowStride == cols) && (batch == 1 || batchStride == rows * cols);
    }

    /** Whether the rows of each batch lie in order without gaps. */
    public boolean hasDenseRows() {
        return rows == 1 || rowStride == cols;
    }

    public boolean sameShape(CpuTensor o) {
        return batch == o.batch && rows == o.rows && cols == o.cols;
    }

    @Override
    public CpuTensor rows(int from, int to) {
        check(0 <= from && from <= to && to <= rows, "rows", from, to);
        if (from == 0 && to == rows) {
            return this;
        }
        if (lengths != null) {
            throw new IllegalStateException("some rows of the padded tensor " + this);
        }
        return new CpuTensor(
                data, offset + from * rowStride, batch, to - from, cols, batchStride, rowStride);
    }

    @Override
    public CpuTensor cols(int from, int to) {
        check(0 <= from && from <= to && to <= cols, "cols", from, to);
        return new CpuTensor(
                data, offset + from, batch, rows, to - from, batchStride, rowStride, lengths);
    }

    @Override
    public CpuTensor batch(int index) {
        check(0 <= index && index < batch, "batch", index, index);
        return new CpuTensor(
                data,
                offset + index * batchStride,
                1,
                rows,
                cols,
                batchStride,
                rowStride,
                lengths == null ? null : lengths.slice(index, 1));
    }

    @Override
    public CpuTensor reshape(int b, int t, int c) {
        if (!isDense() || (long) b * t * c != size()) {
            throw new IllegalArgumentException(
                    this + " cannot be seen as (" + b + "," + t + "," + c + ")");
        }
        return dense(data, offset, b, t, c);
    }

    @Override
    public CpuTensor windows(int size, int hop, int count) {
        if (batch != 1
                || rows != 1
                || size < 0
                || hop < 0
                || count < 0
                || (count > 0 && (count - 1L) * hop + size > cols)) {
            throw new IllegalArgumentException(
                    this + " has no " + count + " windows of " + size + " every " + hop);
        }
        return new CpuTensor(data, offset, 1, count, size, 0, hop);
    }

    /** Batches of one row each as the rows of one batch. */
    public CpuTensor batchesAsRows() {
        return new CpuTensor(data, offset, 1, batch, cols, 0, batchStride);
    }

    private void check(boolean ok, String what, int from, int to) {
        if (!ok) {
            throw new IndexOutOfBoundsException(what + " " + from + ".." + to + " of " + this);
        }
    }

    @Override
    public String toString() {
        return "(" + batch + "," + rows + "," + cols + ")";
    }
}
