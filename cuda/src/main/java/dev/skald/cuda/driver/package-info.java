/** The CUDA driver API: the only native calls of the module. */
@NullMarked
package dev.skald.cuda.driver;

import org.jspecify.annotations.NullMarked;
