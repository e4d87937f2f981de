package dev.skald.cuda;

import dev.skald.cuda.CudaWeights.Type;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A strided view of numbers on a device, fp32 or fp16 ({@link Ops#operand}). Every op takes either,
 * but for the few that read plain floats.
 *
 * @param address of the first value
 * @param batchStride in values
 * @param rowStride in values
 */
record CudaTensor(
        long address,
        Type type,
        int batch,
        int rows,
        int cols,
        long batchStride,
        long rowStride,
        @Nullable CudaInts lengths)
        implements Tensor {

    static CudaTensor dense(long address, int batch, int rows, int cols) {
        return dense(address, Type.F32, batch, rows, cols);
    }

    static CudaTensor dense(long address, Type type, int batch, int rows, int cols) {
        return new CudaTensor(address, type, batch, rows, cols, (long) rows * cols, cols, null);
    }

    static CudaTensor of(Tensor t) {
        if (t instanceof CudaTensor c) {
            return c;
        }
        throw new IllegalArgumentException("a tensor of another backend");
    }

    /** The same, of floats: for kernels that know no other numbers. */
    static CudaTensor floats(Tensor t) {
        CudaTensor c = of(t);
        if (c.type != Type.F32) {
            throw new IllegalArgumentException("an operand of 16 bits where floats are read: " + t);
        }
        return c;
    }

    /** This tensor's place, seen with other strides. */
    CudaTensor strided(int b, int r, int c, long batches, long everyRow) {
        return new CudaTensor(address, type, b, r, c, batches, everyRow, null);
    }

    /** The same without valid rows: padding included. */
    CudaTensor all() {
        return at(0, batch, rows, cols, null);
    }

    /** Whether the kernels of 16-bit rows can copy from it, 16 bytes at a time. */
    boolean isOperand() {
        return type == Type.F16
                && address % 16 == 0
                && cols % 8 == 0
                && (rows == 1 || rowStride % 8 == 0)
                && (batch == 1 || batchStride % 8 == 0);
    }

    long size() {
        return (long) batch * rows * cols;
    }

    boolean isDense() {
        return (rows == 1 || rowStride == cols)
                && (batch == 1 || batchStride == (long) rows * cols);
    }

    /** Where the valid rows are told, for a kernel; 0 if all are valid. */
    long valid() {
        return lengths == null ? 0 : lengths.address();
    }

    private CudaTensor at(long values, int b, int r, int c, @Nullable CudaInts valid) {
        return new CudaTensor(
                address + values * type.bytes(), type, b, r, c, batchStride, rowStride, valid);
    }

    @Override
    public Tensor valid(Ints of) {
        CudaInts n = CudaInts.of(of);
        if (n.count() != batch) {
            throw new IllegalArgumentException(n.count() + " lengths for " + this);
        }
        return at(0, batch, rows, cols, n);
    }

    @Override
    public Tensor unpadded(int valid) {
        check(batch == 1 && 0 <= valid && valid <= rows, "valid rows", 0, valid);
        return at(0, 1, valid, cols, null);
    }

    @Override
    public Tensor rows(int from, int to) {
        check(0 <= from && from <= to && to <= rows, "rows", from, to);
        if (from == 0 && to == rows) {
            return this;
        }
        if (lengths != null) {
            throw new IllegalStateException("some rows of the padded tensor " + this);
        }
        return at(from * rowStride, batch, to - from, cols, null);
    }

    @Override
    public Tensor cols(int from, int to) {
        check(0 <= from && from <= to && to <= cols, "cols", from, to);
        return at(from, batch, rows, to - from, lengths);
    }

    @Override
    public Tensor batch(int index) {
        check(0 <= index && index < batch, "batch", index, index);
        return at(
                index * batchStride,
                1,
                rows,
                cols,
                lengths == null ? null : lengths.slice(index, 1));
    }

    @Override
    public Tensor reshape(int b, int t, int c) {
        if (!isDense() || (long) b * t * c != size()) {
            throw new IllegalArgumentException(
                    this + " cannot be seen as (" + b + "," + t + "," + c + ")");
        }
        return dense(address, type, b, t, c);
    }

    @Override
    public Tensor windows(int size, int hop, int count) {
        if (batch != 1
                || rows != 1
                || size < 0
                || hop < 0
                || count < 0
                || (count > 0 && (count - 1L) * hop + size > cols)) {
            throw new IllegalArgumentException(
                    this + " has no " + count + " windows of " + size + " every " + hop);
        }
        return strided(1, count, size, 0, hop);
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
