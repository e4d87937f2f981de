/**
 * What a clip of a voice becomes: a speaker embedding for T3 ({@link
 * dev.skald.chatterbox.voice.VoiceEncoder}), speech tokens ({@link
 * dev.skald.chatterbox.voice.SpeechTokenizer}), an x-vector ({@link
 * dev.skald.chatterbox.voice.CamPlus}) and a mel spectrogram ({@link
 * dev.skald.chatterbox.voice.PromptMel}) for S3Gen.
 *
 * <p>Networks are immutable and safe for many threads, each with an {@link dev.skald.tensor.Ops} of
 * its own; spectra are computed on the host in double precision.
 */
@NullMarked
package dev.skald.chatterbox.voice;

import org.jspecify.annotations.NullMarked;
