package dev.skald.tensor.decode;

import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a decoder-only transformer, as handles of one {@link dev.skald.tensor.Parameters}:
 * what a backend needs to decode by itself.
 *
 * <p>Legend: C hidden size, H heads, D head dimension, F feed-forward size, V vocabulary.
 *
 * @param kind which transformer
 * @param hidden C
 * @param heads H
 * @param headDim D
 * @param eps of the norms
 * @param layers in order
 * @param norm after the last layer
 * @param cos (1, positions, D/2) of the rotary embedding; null for GPT-2
 * @param sin the same
 * @param positions learned positions (n, C) of GPT-2; null for Llama
 * @param tokens embedding of the tokens that are drawn (V, C)
 * @param tokenPositions what is added for the place of a token among the drawn ones (n, C), the
 *     start token's being 0; null for none
 * @param head C → V
 * @param maxPositions positions a sequence can have: prefix, text and tokens
 * @param startToken the token before the first drawn one
 * @param stopToken the token that ends a sequence
 */
public record DecoderModel(
        Kind kind,
        int hidden,
        int heads,
        int headDim,
        float eps,
        List<Layer> layers,
        Norm norm,
        @Nullable Tensor cos,
        @Nullable Tensor sin,
        @Nullable Embedding positions,
        Embedding tokens,
        @Nullable Embedding tokenPositions,
        Linear head,
        int maxPositions,
        int startToken,
        int stopToken) {

    /** The kinds of transformers. */
    public enum Kind {
        /** RMS norm, rotary positions, SwiGLU, no biases. */
        LLAMA,
        /** Layer norm, learned positions, GELU in its tanh form, biases. */
        GPT2
    }

    /**
     * A norm.
     *
     * @param gamma (1,1,C)
     * @param beta (1,1,C); null for an RMS norm
     */
    public record Norm(Tensor gamma, @Nullable Tensor beta) {}

    /**
     * A layer.
     *
     * @param attentionNorm before attention
     * @param qkv C → 3 H*D: queries, keys, values
     * @param output H*D → C
     * @param mlpNorm before the feed-forward part
     * @param up C → F, or C → 2F of Llama: gate, up
     * @param down F → C
     */
    public record Layer(
            Norm attentionNorm, Linear qkv, Linear output, Norm mlpNorm, Linear up, Linear down) {}

    public DecoderModel {
        layers = List.copyOf(layers);
    }

    /** V. */
    public int vocabulary() {
        return head.out();
    }
}
