package dev.skald.cuda;

import dev.skald.tensor.Ops.Ints;

/** Integers on a device. */
record CudaInts(long address, int count) implements Ints {
    static CudaInts of(Ints ints) {
        if (ints instanceof CudaInts c) {
            return c;
        }
        throw new IllegalArgumentException("integers of another backend");
    }

    @Override
    public CudaInts slice(int from, int n) {
        if (from < 0 || n < 0 || from + n > count) {
            throw new IndexOutOfBoundsException(n + " integers at " + from + " of " + count);
        }
        return new CudaInts(address + (long) from * Integer.BYTES, n);
    }
}
