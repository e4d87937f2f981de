/** Where values lie: tensors over arrays, the arena of an op stream, the workers' own memory. */
@NullMarked
package dev.skald.tensor.cpu.memory;

import org.jspecify.annotations.NullMarked;
