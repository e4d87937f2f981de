package dev.skald.tensor;

/** A {@link Weight} over an array: folded or derived parameters. */
record ArrayWeight(String name, float[] values, int[] shape) implements Weight {
    ArrayWeight {
        long n = 1;
        for (int d : shape) {
            n *= d;
        }
        if (n != values.length) {
            throw new IllegalArgumentException(
                    name + ": " + values.length + " values for " + n + " places");
        }
    }

    @Override
    public void read(long from, float[] to, int offset, int count) {
        int start = Math.toIntExact(from);
        for (int i = 0; i < count; i++) {
            float v = values[start + i];
            if (!Float.isFinite(v)) {
                throw WeightException.notFinite(name, start + i);
            }
            to[offset + i] = v;
        }
    }
}
