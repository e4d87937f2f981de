package dev.skald.text;

import org.jspecify.annotations.Nullable;

/**
 * One sentence.
 *
 * @param source as written, on one line
 * @param normalized as it will be said; never without a letter or digit
 * @param endsBlock whether a paragraph, heading or list item ends with it: a longer pause follows
 * @param trace where its words stand in the text; null if nobody asked for it
 */
public record Sentence(
        String source, String normalized, boolean endsBlock, @Nullable SentenceTrace trace) {
    /** A sentence that does not know where it stands. */
    public Sentence(String source, String normalized, boolean endsBlock) {
        this(source, normalized, endsBlock, null);
    }

    /** A sentence within a paragraph. */
    public Sentence(String source, String normalized) {
        this(source, normalized, false);
    }
}
