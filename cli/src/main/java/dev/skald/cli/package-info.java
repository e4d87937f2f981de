/**
 * The {@code skald} command: thin, over the public API. Nothing outside this package knows picocli.
 *
 * <p>{@link dev.skald.cli.Main} makes only the subcommand that was asked for, so that a short
 * utterance does not pay for the others.
 */
@NullMarked
package dev.skald.cli;

import org.jspecify.annotations.NullMarked;
