/** The voice {@code en_US-joe-medium}, which comes with the program. */
@NullMarked
package dev.skald.voice.joe;

import org.jspecify.annotations.NullMarked;
