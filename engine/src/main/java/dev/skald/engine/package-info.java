/**
 * What every engine shares.
 *
 * <p>An engine turns a request into a {@link dev.skald.engine.SpeechPlan}: a script of pieces of
 * text, each of which opens a {@link dev.skald.engine.SpeechJob} that makes its audio step by step.
 * The scheduler of the device advances the jobs of all requests, those that share a batch on its
 * {@link dev.skald.engine.BatchStream}, and each {@link dev.skald.engine.Speaker} hands the audio
 * of its own out in order. {@link dev.skald.engine.LoadCache} keeps what was loaded.
 */
@NullMarked
package dev.skald.engine;

import org.jspecify.annotations.NullMarked;
