package dev.skald.cuda.decode;

/**
 * A model's weights as the kernels of {@code decode.cuh} read them; addresses on the device. Owned
 * by the {@link dev.skald.tensor.Parameters} they were made from.
 *
 * @param weights tiles of all matrices; in 8 bits their scales behind them
 * @param vectors gains, shifts and biases
 * @param speech embeddings of the drawn tokens (V, C)
 * @param places learned positions (n, C), or 0
 * @param rotary Llama: pairs of cosine and sine (positions, 32); else 0
 * @param llama else GPT-2
 * @param int8 whether the matrices are in 8 bits, see {@code decode_int8.cu}; else bfloat16
 * @param ffn F
 * @param maxTokens the most tokens that have a learned place
 */
public record DeviceModel(
        long weights,
        long vectors,
        long speech,
        long places,
        long rotary,
        boolean llama,
        boolean int8,
        int layers,
        int width,
        int heads,
        int ffn,
        int vocabulary,
        float eps,
        int maxPositions,
        int maxTokens,
        int startToken,
        int stopToken) {
    /** Columns of a head. */
    public static final int HEAD_DIM = 64;

    /** V, a multiple of 8. */
    public int padded() {
        return (vocabulary + 7) / 8 * 8;
    }

    /** Keys and values of a position of one layer. */
    int cached() {
        return 2 * heads * HEAD_DIM;
    }

    /** Bytes of keys and values of so many positions, in bfloat16. */
    long cacheBytes(int positions) {
        return (long) layers * cached() * positions * Short.BYTES;
    }
}
