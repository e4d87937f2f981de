/** {@code skald serve}. */
@NullMarked
package dev.skald.cli.serve;

import org.jspecify.annotations.NullMarked;
