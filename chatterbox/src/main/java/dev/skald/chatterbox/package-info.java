/**
 * Mode {@code cinematic}: the Chatterbox family of resemble-ai. Text becomes speech tokens ({@code
 * dev.skald.chatterbox.t3}), these become sound ({@code dev.skald.chatterbox.s3gen}) in a voice
 * that comes with the checkpoint or from a clip ({@code dev.skald.chatterbox.voice}).
 */
@NullMarked
package dev.skald.chatterbox;

import org.jspecify.annotations.NullMarked;
