package dev.skald.tensor.decode;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;

/**
 * Draws the tokens of many sequences, one token of each a {@link #step}.
 *
 * <p>A sequence lives in a <b>slot</b>: keys and values, position, history, sampler state and
 * Philox counter. It begins with a {@link Prefix} that many sequences may share, then reads its
 * text. A guided sequence is two rows (conditional, unconditional) that come and go together. A
 * sequence's tokens depend on its own prefix, text, settings, seed and stream alone, whoever else
 * is in the batch.
 *
 * <p>For one thread. Polled tokens may lag behind the steps by a few.
 */
public interface TokenDecoder extends AutoCloseable {
    /** How many sequences fit at once. */
    int slots();

    /** Sequences that joined and did not leave. */
    int active();

    /** The op stream on which prefixes and texts are embedded for this decoder. */
    Ops ops();

    /** Computes the keys and values of positions that come before every text of a voice. */
    Prefix prefix(Tensor embeddings);

    /** Takes keys and values that were computed before. */
    Prefix restore(Stored prefix);

    /**
     * Begins a sequence: reads its text after the prefix and draws the first token.
     *
     * @param prefix of this decoder; must stay open until the sequence leaves
     * @param text embeddings (1,T,C), or (2,T,C) with guidance
     * @param settings how tokens are drawn
     * @param seed of the random numbers
     * @param stream which of the seed's independent streams
     * @param limit the most tokens
     * @return the slot
     * @throws IllegalStateException if no slot is free
     * @throws IllegalArgumentException if prefix, text and one token do not fit the model
     */
    int join(
            Prefix prefix, Tensor text, SamplerSettings settings, long seed, int stream, int limit);

    /**
     * Whether a sequence may join now: a slot is free, and memory for its keys and values if others
     * are active, which will leave some.
     *
     * @param text positions of the text
     */
    default boolean hasRoom(Prefix prefix, int text, boolean guided, int limit) {
        return active() < slots();
    }

    /** Frees the memory that is kept for slots which nobody has. */
    default void trim() {}

    /** Draws the next token of every sequence that has not ended. */
    void step();

    /**
     * The tokens of a sequence since the last poll, in order; empty if none are there. The stop
     * token is among them.
     */
    int[] poll(int slot);

    /** Whether the polled tokens were the last: after the stop token, the limit, the last place. */
    boolean ended(int slot);

    /**
     * The logits (B,V) of which a sequence's last token was drawn, right after it joined or after a
     * step of few sequences; to measure what rounding does to them.
     */
    float[] logits(int slot);

    /** Frees a slot; its tokens are lost. Takes effect before the next step. */
    void leave(int slot);

    @Override
    void close();

    /** Keys and values of the first positions, read-only, shared by sequences. */
    interface Prefix extends AutoCloseable {
        /** Positions. */
        int rows();

        /** A layer's keys (rows, H*D), then its values (rows, H*D), row-major, as they are kept. */
        void read(int layer, float[] to);

        @Override
        void close();
    }

    /** What {@link Prefix#read} gave, from elsewhere. */
    interface Stored {
        /** Positions. */
        int rows();

        /** See {@link Prefix#read}. */
        void read(int layer, float[] to);
    }
}
