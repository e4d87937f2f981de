package dev.skald.text;

/**
 * What is said for a piece of text.
 *
 * @param words what is said; empty if the piece is left out
 * @param end where the piece ends
 * @param number whether it is a number, so that a dash or "x" after it is "to" or "by"
 */
record Reading(String words, int end, boolean number) {
    static Reading of(String words, int end) {
        return new Reading(words, end, false);
    }

    static Reading number(String words, int end) {
        return new Reading(words, end, true);
    }
}
