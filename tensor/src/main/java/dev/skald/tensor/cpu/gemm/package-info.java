/**
 * Matrix products (GEMM): packed and quantized right operands, the kernels, and the epilogue that
 * takes their results through bias, activation, scale and residual into a tensor.
 */
@NullMarked
package dev.skald.tensor.cpu.gemm;

import org.jspecify.annotations.NullMarked;
