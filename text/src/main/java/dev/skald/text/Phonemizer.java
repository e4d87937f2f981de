package dev.skald.text;

import java.util.List;

/** Turns text into phonemes. Safe for many threads, which may wait for each other. */
public interface Phonemizer {

    /**
     * A stretch of a sentence as the phonemizer read it.
     *
     * @param phonemes IPA, words separated by spaces; may hold language switches, {@code (en)}
     * @param terminator the punctuation that ended it: one of {@code . ? ! , : ;}, or empty
     * @param endOfSentence whether a sentence ends here
     */
    record Clause(String phonemes, String terminator, boolean endOfSentence) {}

    /**
     * The clauses of a text, in order.
     *
     * @param voice the phonemizer's voice: {@code en-us}
     * @param text any text; what cannot be spoken is left out
     * @throws dev.skald.VoiceException if there is no such voice
     */
    List<Clause> phonemize(String voice, String text);

    /** The names {@link #phonemize} takes, sorted. */
    List<String> voices();
}
