@NullMarked
package dev.skald.tensor;

import org.jspecify.annotations.NullMarked;
