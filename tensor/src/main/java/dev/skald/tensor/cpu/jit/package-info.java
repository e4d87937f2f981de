/**
 * The Vector API and the JIT compiler: how wide vectors are, and which vector loops C2 has
 * compiled.
 *
 * <p>The name of every vector loop begins with {@code simd}. The launchers tell HotSpot by that
 * prefix which methods to compile early and not to inline ({@code jvm.args} of module cli).
 */
@NullMarked
package dev.skald.tensor.cpu.jit;

import org.jspecify.annotations.NullMarked;
