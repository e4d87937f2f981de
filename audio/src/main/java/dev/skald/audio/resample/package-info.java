/**
 * Sample rates: libsoxr's high-quality recipe and torchaudio's windowed sinc, chosen by what a
 * model was trained with.
 */
@NullMarked
package dev.skald.audio.resample;

import org.jspecify.annotations.NullMarked;
