/**
 * Mode {@code cinematic}: the Chatterbox family of resemble-ai. Text becomes speech tokens ({@link
 * dev.skald.chatterbox.t3}), these become sound ({@link dev.skald.chatterbox.s3gen}) in a voice
 * that comes with the checkpoint or from a clip ({@link dev.skald.chatterbox.voice}).
 */
@NullMarked
package dev.skald.chatterbox;

import org.jspecify.annotations.NullMarked;
