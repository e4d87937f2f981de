/** What goes over a row as a whole: sums, norms, softmax. */
@NullMarked
package dev.skald.tensor.cpu.norm;

import org.jspecify.annotations.NullMarked;
