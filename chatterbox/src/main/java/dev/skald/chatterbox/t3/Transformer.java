package dev.skald.chatterbox.t3;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.decode.DecoderModel;
import org.jspecify.annotations.Nullable;

/** A decoder-only transformer without its input and output embeddings. */
sealed interface Transformer permits Llama, Gpt2 {
    /** The whole model, for a decoder of the backend's own. */
    DecoderModel decoder(Embedding tokens, @Nullable Embedding tokenPositions, Linear head);

    /** H*D: columns of keys and values. */
    int cacheWidth();

    /**
     * Runs all layers and the final norm over {@code x} (B,T,C), which is overwritten, at the
     * positions that {@code cache} was just advanced by. No branch depends on a position, so the
     * step can be recorded.
     */
    Tensor forward(Ops ops, Tensor x, KvRows cache, Taps taps);
}
