package dev.skald.cuda.driver;

/** What device memory is for. */
public enum Use {
    WEIGHTS,
    ACTIVATIONS,
    DECODER
}
