package dev.skald.piper.vits;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** How long each phoneme is. */
sealed interface DurationPredictor permits PlainDurations, StochasticDurations {

    /**
     * Natural logarithms of durations in frames.
     *
     * @param hidden (B,T,hidden) of the text encoder
     * @param speaker (B,1,speaker channels), or null for a voice of one speaker
     * @param noise (B,T,2), see {@link #noise}
     * @param log (B,T,1): gets them
     */
    void logDurations(Ops ops, Tensor hidden, @Nullable Tensor speaker, Tensor noise, Tensor log);

    /**
     * What durations are drawn from.
     *
     * @param width standard deviation
     * @param seed what it depends on, besides the phoneme's index {@code first...}
     * @param out (1,T,2)
     */
    static void noise(Ops ops, float width, long seed, long first, Tensor out) {
        if (width == 0) {
            ops.fill(out, 0);
        } else {
            ops.noise(seed, NOISE, 2 * first, out);
            ops.scale(out, width, 0, out);
        }
    }

    /** The stream of the noise among those of one seed. */
    int NOISE = 0;

    /** For one phoneme. */
    long operations();

    static DurationPredictor load(Parts parts, int hidden, int speakerChannels) {
        return parts.has("dp.conv_1")
                ? PlainDurations.load(parts, hidden, speakerChannels)
                : StochasticDurations.load(parts, hidden, speakerChannels);
    }
}
