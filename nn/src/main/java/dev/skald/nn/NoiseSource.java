package dev.skald.nn;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;

/** Where standard normal noise comes from. */
@FunctionalInterface
public interface NoiseSource {
    /** Fills {@code out}, whose first row is row {@code row} of the noise. */
    void fill(Ops ops, long row, Tensor out);

    /** Counter-based noise: row and column alone decide a value. */
    static NoiseSource philox(long seed, int stream) {
        return (ops, row, out) -> ops.noise(seed, stream, row * out.cols(), out);
    }
}
