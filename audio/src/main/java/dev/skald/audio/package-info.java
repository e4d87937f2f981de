/**
 * Sound as numbers: levels, the quiet at the ends, tempo; files in {@code codec}, rates in {@code
 * resample}, spectra in {@code spectrum}.
 *
 * <p>Samples are mono {@code float} in [-1, 1] unless a method says otherwise. The transforms
 * follow the definitions of the Python libraries that the models were trained with (librosa, torch,
 * torchaudio, pyloudnorm), computed in double precision.
 */
@NullMarked
package dev.skald.audio;

import org.jspecify.annotations.NullMarked;
