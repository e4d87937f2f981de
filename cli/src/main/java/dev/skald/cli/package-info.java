@NullMarked
package dev.skald.cli;

import org.jspecify.annotations.NullMarked;
