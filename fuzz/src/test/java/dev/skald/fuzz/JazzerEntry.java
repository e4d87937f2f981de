package dev.skald.fuzz;

import java.io.IOException;

/** What Jazzer calls: the reader that {@code -Dskald.fuzz.target} names. */
public final class JazzerEntry {
    private static final Target TARGET = Target.of(System.getProperty("skald.fuzz.target", ""));

    private JazzerEntry() {}

    /** Reads one input; any exception is a finding. */
    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        TARGET.read(input);
    }
}
