package dev.skald.text;

/**
 * One sentence.
 *
 * @param source as written, on one line
 * @param normalized as it will be said; never without a letter or digit
 * @param endsBlock whether a paragraph, heading or list item ends with it: a longer pause follows
 */
public record Sentence(String source, String normalized, boolean endsBlock) {
    /** A sentence within a paragraph. */
    public Sentence(String source, String normalized) {
        this(source, normalized, false);
    }
}
