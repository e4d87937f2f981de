/** Faults injected where files are written: each operation fails in turn, and nothing is lost. */
@NullMarked
package dev.skald.fuzz.faults;

import org.jspecify.annotations.NullMarked;
