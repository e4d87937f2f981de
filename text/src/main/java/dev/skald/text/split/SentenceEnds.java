package dev.skald.text.split;

/** What a language knows of where its sentences end. */
public interface SentenceEnds {
    /**
     * Whether the full stop at {@code dot} ends a sentence, judged by what stands around it. The
     * text reaches some words beyond the stop, or ends where the whole text ends.
     */
    boolean endsSentence(CharSequence text, int dot);

    /** Whether the full stop at {@code dot} can end a sentence, whatever follows. */
    boolean mayEnd(CharSequence text, int dot);

    /** Whether sentences begin with a word more often than a name goes on with it. */
    boolean starts(String word);
}
