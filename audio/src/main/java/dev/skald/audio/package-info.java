@NullMarked
package dev.skald.audio;

import org.jspecify.annotations.NullMarked;
