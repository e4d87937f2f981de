/**
 * S3Gen: speech tokens and a voice become a waveform. A conditional flow matching decoder makes a
 * mel spectrogram ({@link dev.skald.chatterbox.s3gen.Flow}), a neural source filter vocoder makes
 * the samples ({@link dev.skald.chatterbox.s3gen.HiftVocoder}); {@link
 * dev.skald.chatterbox.s3gen.S3Gen} joins them and {@link dev.skald.chatterbox.s3gen.S3GenStream}
 * runs them while tokens still arrive.
 *
 * <p>Networks are immutable and safe for many threads, each with an {@link dev.skald.tensor.Ops} of
 * its own. Time runs along the rows of every tensor: 25 tokens, 50 mel frames, 24,000 samples a
 * second.
 */
@NullMarked
package dev.skald.chatterbox.s3gen;

import org.jspecify.annotations.NullMarked;
