package dev.skald.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Field;
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
        PrintStream err =
                new PrintStream(new FileOutputStream(descriptor()), true, StandardCharsets.UTF_8);
        System.setErr(err);
        return err;
    }

    private static FileDescriptor descriptor() {
        int moved = Integer.getInteger("skald.err", 2);
        if (moved == 2) {
            return FileDescriptor.err;
        }
        try {
            // The JDK has no other way to a descriptor it was handed; opening /dev/fd/3 anew would
            // lose the file position, and fails for sockets.
            FileDescriptor descriptor = new FileDescriptor();
            Field number = FileDescriptor.class.getDeclaredField("fd");
            number.setAccessible(true);
            number.setInt(descriptor, moved);
            return descriptor;
        } catch (ReflectiveOperationException | RuntimeException e) {
            return FileDescriptor.err;
        }
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
