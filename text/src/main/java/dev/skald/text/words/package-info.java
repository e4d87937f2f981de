/**
 * What the rules know: abbreviations, units, currencies, emoji, calendar and number words, word
 * lists. The tables are files of this module.
 */
@NullMarked
package dev.skald.text.words;

import org.jspecify.annotations.NullMarked;
