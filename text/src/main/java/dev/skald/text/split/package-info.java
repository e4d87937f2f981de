/** Text of any length cut into blocks and sentences as it is read. */
@NullMarked
package dev.skald.text.split;

import org.jspecify.annotations.NullMarked;
