/** The contract of a backend: every op against its formula. */
@NullMarked
package dev.skald.testkit.ops;

import org.jspecify.annotations.NullMarked;
