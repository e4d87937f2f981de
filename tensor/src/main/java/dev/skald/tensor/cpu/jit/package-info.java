/**
 * The Vector API and the JIT compiler: how wide vectors are, and which vector loops C2 has
 * compiled.
 *
 * <p>The name of every vector loop begins with {@code simd}, that of every function of a vector
 * with {@code lanes}. By these prefixes the launchers tell HotSpot to compile the loops early, each
 * by itself, and to inline the functions into them ({@code jvm.args} of module cli).
 */
@NullMarked
package dev.skald.tensor.cpu.jit;

import org.jspecify.annotations.NullMarked;
