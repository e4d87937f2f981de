/**
 * Decoding: many sequences of a decoder-only transformer, one token each a step. {@link
 * dev.skald.tensor.decode.TokenDecoder} is the contract, whose first implementation runs over
 * {@link dev.skald.tensor.Ops} and is the oracle of every other.
 */
@NullMarked
package dev.skald.tensor.decode;

import org.jspecify.annotations.NullMarked;
