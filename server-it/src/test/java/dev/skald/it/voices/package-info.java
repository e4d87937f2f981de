/** Voices of recordings, with every engine behind the server. */
@NullMarked
package dev.skald.it.voices;

import org.jspecify.annotations.NullMarked;
