package dev.skald.nn;

import dev.skald.tensor.Tensor;

/** Queries, keys and values of as many columns each. */
public record Qkv(Tensor q, Tensor k, Tensor v) {
    /** The three thirds of x's columns, which lie side by side. */
    public static Qkv split(Tensor x) {
        int n = x.cols() / 3;
        return new Qkv(x.cols(0, n), x.cols(n, 2 * n), x.cols(2 * n, 3 * n));
    }
}
