/**
 * Benchmarks of the CPU backend's kernels against the machine's floor, by JMH. Run one with {@code
 * java --add-modules jdk.incubator.vector -cp ... org.openjdk.jmh.Main ProductBenchmark}; the
 * column {@code ofFloor} is the part of the measured peak that was reached.
 */
@NullMarked
package dev.skald.bench.kernels;

import org.jspecify.annotations.NullMarked;
