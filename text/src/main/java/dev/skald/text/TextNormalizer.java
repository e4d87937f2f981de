package dev.skald.text;

import java.util.Locale;

/**
 * Rewrites text as it is said: {@code "Dr. Smith paid $5."} becomes {@code "doctor Smith paid five
 * dollars."}
 *
 * <p>Never fails, takes time in proportion to the text, and leaves its own output unchanged. {@code
 * [[phonemes]]} pass untouched. Safe for many threads.
 */
public sealed interface TextNormalizer permits EnglishNormalizer, PassThroughNormalizer {
    /**
     * The normaliser for a language by its tag or voice name: {@code en}, {@code en-US}, {@code
     * en_GB}. English is written out in full; every other language only has its Unicode cleaned up,
     * because eSpeak NG reads numbers and symbols in most of them.
     */
    static TextNormalizer forLanguage(String language) {
        String tag = language.strip().toLowerCase(Locale.ROOT);
        boolean english = tag.equals("en") || tag.startsWith("en-") || tag.startsWith("en_");
        return english ? new EnglishNormalizer() : new PassThroughNormalizer();
    }

    /** The text as it is said, on one line; empty if nothing in it can be spoken. */
    String normalize(CharSequence text);
}
