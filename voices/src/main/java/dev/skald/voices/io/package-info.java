/** Files of the library: durable writes, locks, digests, JSON and archives from outside. */
@NullMarked
package dev.skald.voices.io;

import org.jspecify.annotations.NullMarked;
