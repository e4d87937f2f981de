package dev.skald.text.words;

/**
 * What is said for a piece of text.
 *
 * @param words what is said; empty if the piece is left out
 * @param end where the piece ends
 * @param number whether it is a number, so that a dash or "x" after it is "to" or "by"
 */
public record Reading(String words, int end, boolean number) {
    public static Reading of(String words, int end) {
        return new Reading(words, end, false);
    }

    public static Reading number(String words, int end) {
        return new Reading(words, end, true);
    }
}
