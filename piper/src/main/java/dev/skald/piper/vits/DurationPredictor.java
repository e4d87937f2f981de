package dev.skald.piper.vits;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** How long each phoneme is. */
sealed interface DurationPredictor permits PlainDurations, StochasticDurations {

    /**
     * @param hidden (1,T,hidden) of the text encoder
     * @param speaker (1,1,speaker channels), or null for a voice of one speaker
     * @param noiseWidth standard deviation of the noise
     * @param seed what the noise depends on, besides the phoneme's index {@code first...}
     * @return (1,T,1) natural logarithms of durations in frames, in the caller's scope
     */
    Tensor logDurations(
            Ops ops,
            Tensor hidden,
            @Nullable Tensor speaker,
            float noiseWidth,
            long seed,
            long first);

    /** For one phoneme. */
    long operations();

    static DurationPredictor load(Parts parts, int hidden, int speakerChannels) {
        return parts.has("dp.conv_1")
                ? PlainDurations.load(parts, hidden, speakerChannels)
                : StochasticDurations.load(parts, hidden, speakerChannels);
    }
}
