/**
 * The backend for a processor, in plain Java.
 *
 * <p>{@link dev.skald.tensor.cpu.CpuBackend} packs weights; {@code CpuOps} checks shapes and calls
 * the packages below, each of which sees only those before it:
 *
 * <ul>
 *   <li>{@code memory}: tensors, the arena, scratch memory; {@code workers}: the threads
 *   <li>{@code jit}: the Vector API, and which vector loops are compiled
 *   <li>{@code elementwise}: functions of each value; {@code norm}: norms and softmax
 *   <li>{@code gemm}: matrix products and their epilogue
 *   <li>{@code conv}, {@code attention}: what is built from products
 * </ul>
 *
 * <p>Each kernel is one file with all its forms: without vectors (exact, in double precision where
 * sums decide accuracy), the vector loop, its call for the JIT warm-up, and the scalar fallback
 * with the same bits as the vector loop. Results depend neither on whether a loop is compiled yet
 * nor on the number of threads; {@code SpeciesTest} of module testkit compares all forms.
 */
@NullMarked
package dev.skald.tensor.cpu;

import org.jspecify.annotations.NullMarked;
