/** {@code skald bench}: measures this machine in fresh processes. */
@NullMarked
package dev.skald.cli.bench;

import org.jspecify.annotations.NullMarked;
