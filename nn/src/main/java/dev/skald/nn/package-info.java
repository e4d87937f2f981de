/**
 * Layers over {@link dev.skald.tensor.Ops}, loaded in one line by their official names and shapes.
 *
 * <p>A network's constructor takes a {@link dev.skald.nn.Loader} that stands at its prefix and
 * makes its layers; its forward pass calls them in the order of the official file. Linear maps,
 * embeddings and transposed convolutions need nothing beside the backend's own handles and are used
 * through {@code Ops}; what has settings of its own (padding, epsilon, positions) is a class here.
 */
@NullMarked
package dev.skald.nn;

import org.jspecify.annotations.NullMarked;
