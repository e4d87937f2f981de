package dev.skald.tensor;

import java.lang.foreign.MemorySegment;

/** A {@link Weight} whose bytes lie in memory. */
record MemoryWeight(String name, DType dtype, MemorySegment bytes, int[] dimensions)
        implements Weight {
    MemoryWeight {
        long n = 1;
        for (int d : dimensions) {
            n *= d;
        }
        if (n * dtype.bytes() != bytes.byteSize()) {
            throw new IllegalArgumentException(
                    name + ": " + bytes.byteSize() + " bytes for " + n + " values of " + dtype);
        }
    }

    @Override
    public int[] shape() {
        return dimensions.clone();
    }

    @Override
    public void copy(long from, MemorySegment to) {
        MemorySegment.copy(bytes, from * dtype.bytes(), to, 0, to.byteSize());
    }
}
