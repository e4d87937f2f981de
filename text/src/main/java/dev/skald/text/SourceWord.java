package dev.skald.text;

/**
 * A word of a sentence, in the text that is spoken and in the text as it came in. It is one there
 * and may be several here: "$5" is "five dollars".
 *
 * @param from where it begins in the sentence as it is spoken
 * @param to where it ends there
 * @param text as it came in
 * @param shown without mark-up, with the punctuation around it and a space behind it
 * @param offset where it begins in the text as it came in, in UTF-16 code units
 * @param length UTF-16 code units there
 */
public record SourceWord(int from, int to, String text, String shown, int offset, int length) {}
