/**
 * eSpeak NG: text to IPA phonemes.
 *
 * <p>{@link dev.skald.espeak.EspeakNg} is the way in, found as a {@link dev.skald.text.Phonemizer}.
 * eSpeak NG itself is a WebAssembly module that the build turns into Java classes: no native code,
 * the same on every platform, and nothing is written to disk. <strong>eSpeak NG, the classes
 * compiled from it and its data are under GPL-3.0 or later</strong>; the classes written here are
 * under Apache-2.0.
 */
@NullMarked
package dev.skald.espeak;

import org.jspecify.annotations.NullMarked;
