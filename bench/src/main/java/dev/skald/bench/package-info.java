@NullMarked
package dev.skald.bench;

import org.jspecify.annotations.NullMarked;
