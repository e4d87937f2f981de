/**
 * The backend for a processor, in plain Java.
 *
 * <p>{@link dev.skald.tensor.cpu.CpuBackend} packs weights into panels; {@code CpuOps} checks
 * shapes, cuts each op into tiles and hands them to a fixed pool of workers; {@code Kernels} does
 * the arithmetic on rows of floats. {@code Kernels} itself is scalar and works everywhere; it is
 * also what the tests hold the vector kernels against.
 */
@NullMarked
package dev.skald.tensor.cpu;

import org.jspecify.annotations.NullMarked;
