/**
 * Readers and a writer of weight files. Files come from anyone: every length, shape and offset is
 * checked against the file's real size before anything is allocated or read.
 */
@NullMarked
package dev.skald.tensor.io;

import org.jspecify.annotations.NullMarked;
