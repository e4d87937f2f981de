/**
 * Local neural speech for the JVM: the API every other part of Skald serves.
 *
 * <p>{@link dev.skald.Skald} finds the engines on the class path, chooses one for each {@link
 * dev.skald.SpeechRequest} and hands back a {@link dev.skald.Speech}: a stream of {@link
 * dev.skald.AudioChunk}s. Everything else (a file, an {@link javax.sound.sampled.AudioInputStream},
 * an array) is that stream, collected.
 */
@NullMarked
package dev.skald;

import org.jspecify.annotations.NullMarked;
