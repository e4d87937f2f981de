package dev.skald.tensor;

/**
 * A named array of numbers in a file, as fp32 in row-major order. Reading converts; nothing is
 * held.
 *
 * <p>Every value was checked to lie inside its file when the file was opened; {@link #read} refuses
 * NaN and infinities by name.
 */
public interface Weight {
    /** The official parameter name, for messages. */
    String name();

    int[] shape();

    /** How many values. */
    default long size() {
        long n = 1;
        for (int d : shape()) {
            n *= d;
        }
        return n;
    }

    /**
     * Reads {@code count} values from index {@code from} into {@code to[offset...]}. Throws {@link
     * dev.skald.tensor.WeightException} on a value that is not finite.
     */
    void read(long from, float[] to, int offset, int count);

    /** All values; for small weights. */
    default float[] floats() {
        float[] all = new float[Math.toIntExact(size())];
        read(0, all, 0, all.length);
        return all;
    }

    /** A weight over values in memory. */
    static Weight of(String name, float[] values, int... shape) {
        return new ArrayWeight(name, values, shape);
    }
}
