package dev.skald.text.words;

/** Blocks of raw phonemes, {@code [[həlˈoʊ]]}, which no rule touches. */
public final class Phonemes {
    /** A block longer than this is taken for text. */
    private static final int LONGEST = 400;

    private Phonemes() {}

    /** Where the block that begins at {@code i} ends; -1 if none begins there. */
    public static int end(String text, int i) {
        if (!text.startsWith("[[", i)) {
            return -1;
        }
        int close = text.indexOf("]]", i + 2, Math.min(text.length(), i + LONGEST));
        return close < 0 ? -1 : close + 2;
    }
}
