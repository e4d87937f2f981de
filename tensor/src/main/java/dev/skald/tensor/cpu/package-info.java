/**
 * The backend for a processor, in plain Java.
 *
 * <p>{@link dev.skald.tensor.cpu.CpuBackend} packs weights into panels; {@code CpuOps} checks
 * shapes, {@code Products}, {@code Attention} and {@code Rows} cut each op into tiles and hand them
 * to a fixed pool of workers; {@code Kernels} does the arithmetic on rows of floats. {@code
 * Kernels} itself is scalar and works everywhere; it is also what the tests hold {@code
 * VectorKernels} against, which takes its place where there is the Vector API.
 *
 * <p>A vector loop is used once HotSpot has compiled it, which {@code Loop} sees to beside the
 * loading of a model; until then its scalar twin in {@code Twins} computes the same bits. Results
 * depend neither on that nor on the number of threads.
 *
 * <p>To add a vector loop: a small static method with one loop, a twin, an entry in {@code Loop}, a
 * use in {@code VectorKernels}, and its op in {@code Trial}, which compares them all.
 */
@NullMarked
package dev.skald.tensor.cpu;

import org.jspecify.annotations.NullMarked;
