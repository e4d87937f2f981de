/**
 * Tensors, the op set the models are written over, and the files weights come from.
 *
 * <p>A model is an immutable record of weights made by a {@link dev.skald.tensor.Backend}, plus
 * code over {@link dev.skald.tensor.Ops}. The same code runs eagerly on a CPU and is recorded into
 * a graph on a device. Activations are {@code (B,T,C)}: batch, time (rows), channels, channels
 * contiguous.
 */
@NullMarked
package dev.skald.tensor;

import org.jspecify.annotations.NullMarked;
