/**
 * Hostile input for everything that reads what comes from outside. {@link dev.skald.fuzz.Target}
 * names the readers, {@code fuzz/corpus} holds each input that ever failed one, {@link
 * dev.skald.fuzz.CorpusTest} replays them in every build, and {@link dev.skald.fuzz.FuzzJob} looks
 * for more with Jazzer.
 */
@NullMarked
package dev.skald.fuzz;

import org.jspecify.annotations.NullMarked;
