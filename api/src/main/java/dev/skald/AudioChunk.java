package dev.skald;

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
 */
public record AudioChunk(
        float[] samples, int sampleRate, String text, int sentence, boolean lastOfSentence) {

    /** Seconds of audio in this chunk. */
    public double seconds() {
        return samples.length / (double) sampleRate;
    }
}
