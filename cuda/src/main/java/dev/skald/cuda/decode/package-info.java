/**
 * The token decoder on a GPU: {@link dev.skald.cuda.decode.GraphDecoder} drives the kernels of
 * {@code decode.cuh}, whose header tells structs, buffers and the order of calls.
 */
@NullMarked
package dev.skald.cuda.decode;

import org.jspecify.annotations.NullMarked;
