package dev.skald;

/**
 * A sentence as it will be said.
 *
 * @param source as it was written
 * @param normalized as it is read: lexicon, numbers and abbreviations in words
 * @param phonemes IPA; empty if the model reads words
 */
public record Reading(String source, String normalized, String phonemes) {}
