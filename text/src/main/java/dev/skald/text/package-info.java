@NullMarked
package dev.skald.text;

import org.jspecify.annotations.NullMarked;
