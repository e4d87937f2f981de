/**
 * English written out as it is said: one walk over the text, a group of rules for each kind of
 * thing that begins at a place (numbers, dates, times, codes, words, signs).
 */
@NullMarked
package dev.skald.text.english;

import org.jspecify.annotations.NullMarked;
