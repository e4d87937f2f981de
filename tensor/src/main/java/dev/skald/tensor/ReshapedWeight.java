package dev.skald.tensor;

import java.lang.foreign.MemorySegment;

/** A {@link Weight} under another shape. */
record ReshapedWeight(Weight weight, int[] dimensions) implements Weight {
    @Override
    public String name() {
        return weight.name();
    }

    @Override
    public int[] shape() {
        return dimensions.clone();
    }

    @Override
    public DType dtype() {
        return weight.dtype();
    }

    @Override
    public void copy(long from, MemorySegment to) {
        weight.copy(from, to);
    }
}
