package dev.skald;

import java.util.List;

/**
 * A voice that can be asked for by its {@link #id()}.
 *
 * @param id what a request names: {@code en_US-joe-medium}, or the name of a cloned voice
 * @param mode the family of models that speaks it
 * @param language BCP 47 or the voice's own form: {@code en_US}
 * @param description a line for a person
 * @param sampleRate hertz of its audio
 * @param speakers the names of its speakers, in id order; empty for a single speaker
 * @param licence the licence of the voice as its publisher states it; {@code unknown} if it does
 *     not
 */
public record Voice(
        String id,
        Mode mode,
        String language,
        String description,
        int sampleRate,
        List<String> speakers,
        String licence) {
    public Voice {
        speakers = List.copyOf(speakers);
    }
}
