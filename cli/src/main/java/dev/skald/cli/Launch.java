package dev.skald.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** What the launcher script tells the process through system properties. */
final class Launch {
    private static final long START = System.nanoTime();

    private Launch() {}

    /**
     * The error stream. The launcher opens the JVM with its own error stream on descriptor 3 and
     * nothing on 2, so that the JVM's warning about the incubating Vector API is not seen.
     */
    static PrintStream standardError() {
        OutputStream bytes = new FileOutputStream(FileDescriptor.err);
        String moved = System.getProperty("skald.err", "");
        if (!moved.isEmpty()) {
            try {
                bytes = new FileOutputStream(moved);
            } catch (IOException e) {
                // Then it stays where the JVM has it.
            }
        }
        PrintStream err = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        System.setErr(err);
        return err;
    }

    /** Whether a person sits at {@code in} or {@code err}. */
    static boolean terminal(String stream) {
        return System.getProperty("skald.terminal", "").contains(stream);
    }

    /** Seconds since this class was loaded, close to the start of {@code main}. */
    static double seconds() {
        return (System.nanoTime() - START) * 1e-9;
    }

    /** Seconds since the JVM was started. */
    static double secondsSinceStart() {
        return ProcessHandle.current()
                .info()
                .startInstant()
                .map(start -> java.time.Duration.between(start, java.time.Instant.now()))
                .map(passed -> passed.toNanos() * 1e-9)
                .orElseGet(Launch::seconds);
    }
}
