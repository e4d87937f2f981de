package dev.skald.tensor.decode;

/**
 * How the next speech token is drawn.
 *
 * @param temperature the divisor of the logits; 1 leaves them, 0 leaves them too (Turbo)
 * @param minP tokens less likely than this share of the likeliest are dropped; 0 keeps all
 * @param topP the likeliest tokens up to this total probability are kept; 1 keeps all
 * @param topK that many of the likeliest are kept, ties included; 0 keeps all
 * @param repetitionPenalty the divisor for tokens already spoken; 1 does nothing
 * @param cfgWeight the weight of classifier-free guidance
 */
public record SamplerSettings(
        double temperature,
        double minP,
        double topP,
        int topK,
        double repetitionPenalty,
        double cfgWeight) {
    /** The official defaults of Original and Multilingual. */
    public static final SamplerSettings ORIGINAL = new SamplerSettings(0.8, 0.05, 1, 0, 1.2, 0.5);

    /** The official defaults of Turbo and Nano. */
    public static final SamplerSettings TURBO = new SamplerSettings(0.8, 0, 0.95, 1000, 1.2, 0);
}
