package dev.skald;

import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * What only Chatterbox models know. What is left out is the model's own.
 *
 * <pre>{@code
 * SpeechRequest.builder(text).options(ChatterboxOptions.builder().exaggeration(0.7).build())
 * }</pre>
 *
 * @param exaggeration the strength of the emotion; [0, 2]
 * @param cfgWeight the weight of classifier-free guidance; [0, 1]
 * @param temperature sampling temperature; [0.001, 5]
 * @param minP tokens less likely than this share of the likeliest are dropped; [0, 1]
 * @param topP the likeliest tokens up to this total probability are kept; (0, 1]
 * @param topK that many of the likeliest tokens are kept; at least 1
 * @param repetitionPenalty the divisor for tokens already spoken; [1, 10]
 */
public record ChatterboxOptions(
        OptionalDouble exaggeration,
        OptionalDouble cfgWeight,
        OptionalDouble temperature,
        OptionalDouble minP,
        OptionalDouble topP,
        OptionalInt topK,
        OptionalDouble repetitionPenalty)
        implements EngineOptions {
    /** Nothing set. */
    public static final ChatterboxOptions DEFAULTS = builder().build();

    public static Builder builder() {
        return new Builder();
    }

    /** Builds {@link ChatterboxOptions}; each setter refuses a value outside its range at once. */
    public static final class Builder {
        private OptionalDouble exaggeration = OptionalDouble.empty();
        private OptionalDouble cfgWeight = OptionalDouble.empty();
        private OptionalDouble temperature = OptionalDouble.empty();
        private OptionalDouble minP = OptionalDouble.empty();
        private OptionalDouble topP = OptionalDouble.empty();
        private OptionalInt topK = OptionalInt.empty();
        private OptionalDouble repetitionPenalty = OptionalDouble.empty();

        private Builder() {}

        public Builder exaggeration(double exaggeration) {
            this.exaggeration = checked("exaggeration", exaggeration, 0, 2);
            return this;
        }

        public Builder cfgWeight(double cfgWeight) {
            this.cfgWeight = checked("cfg weight", cfgWeight, 0, 1);
            return this;
        }

        public Builder temperature(double temperature) {
            this.temperature = checked("temperature", temperature, 1e-3, 5);
            return this;
        }

        public Builder minP(double minP) {
            this.minP = checked("min-p", minP, 0, 1);
            return this;
        }

        public Builder topP(double topP) {
            this.topP = checked("top-p", topP, 1e-6, 1);
            return this;
        }

        public Builder topK(int topK) {
            this.topK = OptionalInt.of((int) Ranges.check("top-k", topK, 1, 1_000_000));
            return this;
        }

        public Builder repetitionPenalty(double penalty) {
            this.repetitionPenalty = checked("repetition penalty", penalty, 1, 10);
            return this;
        }

        public ChatterboxOptions build() {
            return new ChatterboxOptions(
                    exaggeration, cfgWeight, temperature, minP, topP, topK, repetitionPenalty);
        }

        private static OptionalDouble checked(String name, double value, double low, double high) {
            return OptionalDouble.of(Ranges.check(name, value, low, high));
        }
    }
}
