@NullMarked
package dev.skald.chatterbox;

import org.jspecify.annotations.NullMarked;
