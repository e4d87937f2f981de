package dev.skald.tensor;

/**
 * What a model needs of the arithmetic of a layer. The model gives the role; the backend decides
 * the number format and the algorithm. Sums are accumulated in fp32 or better in every role.
 */
public enum Role {
    /**
     * fp32, products added one by one in a fixed order, so that a value does not depend on where a
     * window begins: fundamental frequency, phase, logits.
     */
    EXACT,
    /**
     * A plain sum of products in the backend's working format: no algorithm that rounds more, such
     * as minimal filtering. For layers whose rounding error comes back in every later step.
     */
    DIRECT,
    /** Whatever is fastest in the backend's working format. */
    WORKING,
    /**
     * Weights that are read once for every few rows, as in the decoding of tokens: their bytes set
     * the speed, so they are stored as {@link Parameters#streamed()} says.
     */
    STREAMED
}
