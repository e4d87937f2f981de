package dev.skald.tensor;

import dev.skald.tensor.Parameters.Linear;

/**
 * A transformer layer without its norm and map before attention: see {@link Ops#transformerLayer}.
 *
 * @param heads of attention
 * @param scale of the scores
 * @param out (H*D → C), after attention
 * @param norm before the feed-forward layer
 * @param up (C → wide)
 * @param activation after it
 * @param down (wide → C)
 */
public record TransformerLayer(
        int heads,
        float scale,
        Linear out,
        Norm norm,
        Linear up,
        Activation activation,
        Linear down) {

    /**
     * A layer norm.
     *
     * @param gamma (1,1,C)
     * @param beta (1,1,C)
     */
    public record Norm(Tensor gamma, Tensor beta, float eps) {}

    /**
     * What the next layer begins with: a norm, and the map to its queries, keys and values.
     *
     * @param qkv (C → 3*H*D)
     */
    public record Next(Norm norm, Linear qkv) {}
}
