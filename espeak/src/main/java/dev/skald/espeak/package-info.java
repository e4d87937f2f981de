/**
 * eSpeak NG: text to IPA phonemes through the Foreign Function API.
 *
 * <p>{@link dev.skald.espeak.EspeakNg} is the way in. The native library and its data come packed
 * in this module's jar and are extracted once into the Skald home. <strong>eSpeak NG is under
 * GPL-3.0 or later</strong>; these classes are under Apache-2.0 and nothing outside this package
 * touches the library.
 */
@NullMarked
package dev.skald.espeak;

import org.jspecify.annotations.NullMarked;
