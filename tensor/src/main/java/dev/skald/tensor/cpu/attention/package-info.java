/** Attention over a whole sequence, over a cache of keys and values, and rotary positions. */
@NullMarked
package dev.skald.tensor.cpu.attention;

import org.jspecify.annotations.NullMarked;
