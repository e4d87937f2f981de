/**
 * Languages other than English: their abbreviations, ordinals and minus. Numbers and most signs are
 * left to eSpeak NG, which reads them in the language of the voice.
 */
@NullMarked
package dev.skald.text.languages;

import org.jspecify.annotations.NullMarked;
