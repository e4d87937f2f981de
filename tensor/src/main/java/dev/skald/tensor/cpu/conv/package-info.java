/** Convolutions that are not plain products: minimal filtering, depthwise, and 2-D windows. */
@NullMarked
package dev.skald.tensor.cpu.conv;

import org.jspecify.annotations.NullMarked;
