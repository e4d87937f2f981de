package dev.skald.nn;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;

/**
 * Tables of rotary positions (Su et al. 2021): column d of a head pairs with d + D/2.
 *
 * @param cos (1, positions, D/2)
 * @param sin the same
 */
public record RotaryPositions(Tensor cos, Tensor sin) {
    /** Of these angles a position, for positions below {@code count}. */
    public static RotaryPositions of(Parameters parameters, float[] frequencies, int count) {
        int half = frequencies.length;
        float[] cos = new float[count * half];
        float[] sin = new float[count * half];
        for (int p = 0; p < count; p++) {
            for (int i = 0; i < half; i++) {
                float angle = p * frequencies[i];
                cos[p * half + i] = (float) Math.cos(angle);
                sin[p * half + i] = (float) Math.sin(angle);
            }
        }
        return new RotaryPositions(
                parameters.constant(cos, count, half), parameters.constant(sin, count, half));
    }

    /** The usual angles of a head of {@code dim} columns: {@code theta^(-2 i / dim)}. */
    public static float[] frequencies(int dim, double theta) {
        float[] frequencies = new float[dim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = (float) (1 / Math.pow(theta, 2 * i / (double) dim));
        }
        return frequencies;
    }

    /**
     * Turns x (B,T,H*D), in place.
     *
     * @param first B integers: the position of row 0 of each batch
     */
    public void rotate(Ops ops, Tensor x, int heads, Ops.Ints first) {
        ops.rotary(x, heads, cos, sin, first);
    }
}
