/**
 * From text as people write it to sentences as a voice says them.
 *
 * <p>{@link dev.skald.text.TextFrontEnd} is the way in: it reads text of any length, has {@link
 * dev.skald.text.split.SentenceSplitter} cut it into sentences, applies the user's {@link
 * dev.skald.text.Lexicon} and has a {@link dev.skald.text.normalize.TextNormalizer} write out
 * numbers, dates, abbreviations and symbols. What the rules know (abbreviations, units, currencies,
 * symbols, emoji, word lists, the words of numbers) is {@code dev.skald.text.words}.
 */
@NullMarked
package dev.skald.text;

import org.jspecify.annotations.NullMarked;
