package dev.skald;

import java.util.List;

/**
 * A piece of speech, in order.
 *
 * @param samples mono PCM in [-1, 1], sometimes none at the end of a sentence; the receiver owns
 *     the array
 * @param sampleRate samples a second, in hertz, the same for every chunk of one {@link Speech}
 * @param text the sentence (as normalised) this chunk belongs to; empty for silence between
 *     sentences
 * @param sentence the index of that sentence in the speech, from 0
 * @param lastOfSentence whether the sentence ends with this chunk
 * @param words the words or sentences whose times are known from here on, where the request asks
 *     for {@link Timestamps}: a word comes with its last sample at the latest, most come before
 *     their first
 */
public record AudioChunk(
        float[] samples,
        int sampleRate,
        String text,
        int sentence,
        boolean lastOfSentence,
        List<TimedText> words) {
    public AudioChunk {
        words = List.copyOf(words);
    }

    /** A chunk that tells no times. */
    public AudioChunk(
            float[] samples, int sampleRate, String text, int sentence, boolean lastOfSentence) {
        this(samples, sampleRate, text, sentence, lastOfSentence, List.of());
    }

    /** Seconds of audio in this chunk. */
    public double seconds() {
        return samples.length / (double) sampleRate;
    }
}
