package dev.skald.fuzz;

import java.io.IOException;

/** Reads one input: returns, or throws what {@link Target#refuses} names. */
@FunctionalInterface
interface Reader {
    void read(byte[] input) throws IOException;
}
