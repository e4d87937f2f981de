/**
 * NVIDIA GPUs as a {@link dev.skald.tensor.Backend}: kernels of our own, loaded and launched
 * through the driver's library, which is all that a machine needs. {@code dev.skald.cuda.driver}
 * holds every native call.
 */
@NullMarked
package dev.skald.cuda;

import org.jspecify.annotations.NullMarked;
