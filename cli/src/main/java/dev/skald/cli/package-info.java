/**
 * The {@code skald} command: thin, over the public API. Nothing outside these packages knows
 * picocli: each command has one of its own, and {@link dev.skald.cli.console} what they share.
 *
 * <p>{@link dev.skald.cli.Main} makes only the subcommand that was asked for, so that a short
 * utterance does not pay for the others.
 */
@NullMarked
package dev.skald.cli;

import org.jspecify.annotations.NullMarked;
