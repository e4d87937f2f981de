@NullMarked
package dev.skald.voices;

import org.jspecify.annotations.NullMarked;
