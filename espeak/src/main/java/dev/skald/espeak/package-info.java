@NullMarked
package dev.skald.espeak;

import org.jspecify.annotations.NullMarked;
