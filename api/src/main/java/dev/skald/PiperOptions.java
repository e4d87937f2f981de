package dev.skald;

import java.util.OptionalDouble;

/**
 * What only Piper voices know. What is left out is the voice's own.
 *
 * <pre>{@code
 * SpeechRequest.builder(text).options(PiperOptions.builder().noiseScale(0.3).build())
 * }</pre>
 *
 * @param noiseScale how much the sound varies; [0, 2]
 * @param noiseWidth how much the durations vary; [0, 2]
 */
public record PiperOptions(OptionalDouble noiseScale, OptionalDouble noiseWidth)
        implements EngineOptions {
    /** Nothing set. */
    public static final PiperOptions DEFAULTS = builder().build();

    public static Builder builder() {
        return new Builder();
    }

    /** Builds {@link PiperOptions}; each setter refuses a value outside its range at once. */
    public static final class Builder {
        private OptionalDouble noiseScale = OptionalDouble.empty();
        private OptionalDouble noiseWidth = OptionalDouble.empty();

        private Builder() {}

        public Builder noiseScale(double noiseScale) {
            this.noiseScale = OptionalDouble.of(Ranges.check("noise scale", noiseScale, 0, 2));
            return this;
        }

        public Builder noiseWidth(double noiseWidth) {
            this.noiseWidth = OptionalDouble.of(Ranges.check("noise width", noiseWidth, 0, 2));
            return this;
        }

        public PiperOptions build() {
            return new PiperOptions(noiseScale, noiseWidth);
        }
    }
}
