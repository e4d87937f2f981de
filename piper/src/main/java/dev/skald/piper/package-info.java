@NullMarked
package dev.skald.piper;

import org.jspecify.annotations.NullMarked;
