package dev.skald.chatterbox.t3;

import dev.skald.tensor.decode.TokenDecoder;

/**
 * Keys and values of the positions before the text: they depend on the voice alone, and a causal
 * model computes them the same whatever follows. For one thread.
 */
public interface T3Prefix extends TokenDecoder.Stored, AutoCloseable {
    /** Positions: speaker, prompt, emotion. */
    @Override
    int rows();

    /** How many of them were computed for this object; 0 if they were known from before. */
    int computed();

    /** A layer's keys (rows, H*D), then its values (rows, H*D), row-major. */
    @Override
    void read(int layer, float[] to);

    @Override
    void close();

    /** One that was just computed, as the caches keep it. */
    record Computed(int rows, float[][] layers) implements T3Prefix {
        @Override
        public int computed() {
            return rows;
        }

        @Override
        public void read(int layer, float[] to) {
            System.arraycopy(layers[layer], 0, to, 0, layers[layer].length);
        }

        @Override
        public void close() {}
    }
}
