/**
 * Recordings in and speech out: {@link AudioClip} reads a file of any common format, the encoders
 * write PCM.
 *
 * <p>A file is untrusted: nothing is allocated because a header says so.
 */
@NullMarked
package dev.skald.audio.codec;

import org.jspecify.annotations.NullMarked;
