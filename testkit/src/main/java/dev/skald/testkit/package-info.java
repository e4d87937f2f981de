@NullMarked
package dev.skald.testkit;

import org.jspecify.annotations.NullMarked;
