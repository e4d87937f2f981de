package dev.skald.tensor;

import java.util.Locale;

/**
 * The memory of a device that has its own, in bytes.
 *
 * @param weights of loaded models
 * @param activations of op streams
 * @param decoder keys, values and working space of token decoders
 * @param idle kept for the next request, freed when it is needed
 * @param peak the most that was taken at once, weights and all
 * @param free what the whole machine has left
 * @param total what the device has
 */
public record DeviceMemory(
        long weights, long activations, long decoder, long idle, long peak, long free, long total) {
    /** For people, in one line. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "weights %.0f MB, activations %.0f MB, decoder %.0f MB, idle %.0f MB; %.1f of %.1f"
                        + " GB are free",
                weights / 1e6,
                activations / 1e6,
                decoder / 1e6,
                idle / 1e6,
                free / 1e9,
                total / 1e9);
    }
}
