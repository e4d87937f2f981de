package dev.skald.text;

/**
 * One sentence.
 *
 * @param source as written, on one line
 * @param normalized as it will be said; never without a letter or digit
 */
public record Sentence(String source, String normalized) {}
