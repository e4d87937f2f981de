package dev.skald.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A named array of numbers as its file holds them: bytes and their type, in row-major order. A
 * backend converts, packs and checks them where it wants them ({@link Conversion} does it on the
 * host).
 *
 * <p>Bytes are copied out, not lent as a view of a mapped file: what is mapped and was read counts
 * as memory of the process, and a file that becomes shorter ends native code that reads its
 * mapping. Safe for many threads, until the file it lies in is closed.
 */
public interface Weight {
    /** The official parameter name, for messages. */
    String name();

    int[] shape();

    DType dtype();

    /** How many values. */
    default long size() {
        return size(shape());
    }

    /**
     * Copies values as they are stored, little-endian, from index {@code from} on, until {@code to}
     * is full: native memory of a whole number of values. Nothing is converted or checked.
     *
     * @throws WeightException if the file cannot be read, or has become shorter
     * @throws IndexOutOfBoundsException if there are not so many values
     */
    void copy(long from, MemorySegment to);

    /** All values as fp32, checked; for small weights and for those that a model computes with. */
    default float[] floats() {
        float[] all = new float[Math.toIntExact(size())];
        Conversion.floats(this, 0, all, 0, all.length);
        return all;
    }

    /** The same values in the same order under another shape. */
    default Weight reshaped(int... shape) {
        if (size(shape) != size()) {
            throw WeightException.shape(name(), shape(), Arrays.toString(shape));
        }
        return new ReshapedWeight(this, shape.clone());
    }

    /** Computed values: folded or derived parameters. The array is not copied. */
    static Weight of(String name, float[] values, int... shape) {
        return of(name, DType.F32, MemorySegment.ofArray(values), shape);
    }

    /** Values that lie in memory. */
    static Weight of(String name, DType dtype, MemorySegment bytes, int... shape) {
        return new MemoryWeight(name, dtype, bytes.asReadOnly(), shape.clone());
    }

    private static long size(int[] shape) {
        long n = 1;
        for (int d : shape) {
            n *= d;
        }
        return n;
    }
}
