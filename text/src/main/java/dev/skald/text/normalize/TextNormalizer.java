package dev.skald.text.normalize;

/**
 * Rewrites text as it is said: {@code "Dr. Smith paid $5."} becomes {@code "doctor Smith paid five
 * dollars."}
 *
 * <p>Never fails, takes time in proportion to the text, and leaves its own output unchanged. {@code
 * [[phonemes]]} pass untouched. Safe for many threads.
 */
public interface TextNormalizer {
    /** The text as it is said, on one line; empty if nothing in it can be spoken. */
    String normalize(CharSequence text);
}
