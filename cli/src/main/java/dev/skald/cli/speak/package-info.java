/** The commands that make speech or show what would be said. */
@NullMarked
package dev.skald.cli.speak;

import org.jspecify.annotations.NullMarked;
