/** The threads that compute, and how many of them a machine is good for. */
@NullMarked
package dev.skald.tensor.cpu.workers;

import org.jspecify.annotations.NullMarked;
