/** What every command works with: streams, messages, global options, exit codes. */
@NullMarked
package dev.skald.cli.console;

import org.jspecify.annotations.NullMarked;
