/**
 * Spectra: Fourier transforms, mel filter banks, Kaldi's features; the definitions of librosa,
 * torch and torchaudio, in double precision.
 */
@NullMarked
package dev.skald.audio.spectrum;

import org.jspecify.annotations.NullMarked;
