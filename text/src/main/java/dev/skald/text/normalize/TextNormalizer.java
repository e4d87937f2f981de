package dev.skald.text.normalize;

import dev.skald.text.origins.Origins;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites text as it is said: {@code "Dr. Smith paid $5."} becomes {@code "doctor Smith paid five
 * dollars."}
 *
 * <p>Never fails, takes time in proportion to the text, and leaves its own output unchanged. {@code
 * [[phonemes]]} pass untouched. Safe for many threads.
 */
public interface TextNormalizer {
    /** The text as it is said, on one line; empty if nothing in it can be spoken. */
    default String normalize(CharSequence text) {
        return normalize(text, null);
    }

    /**
     * The same.
     *
     * @param origins gets where each character of it stands in the text; null if nobody asks
     */
    String normalize(CharSequence text, @Nullable Origins origins);
}
