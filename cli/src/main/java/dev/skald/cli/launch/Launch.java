package dev.skald.cli.launch;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the launcher script tells the process through system properties. */
public final class Launch {
    private static final long START = System.nanoTime();

    private Launch() {}

    /**
     * The error stream. The launcher opens the JVM with its own error stream on descriptor 3 and
     * nothing on 2, so that the JVM's warning about the incubating Vector API is not seen.
     */
    public static PrintStream standardError() {
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
    public static boolean terminal(String stream) {
        return System.getProperty("skald.terminal", "").contains(stream);
    }

    /** Seconds since this class was loaded, close to the start of {@code main}. */
    public static double seconds() {
        return (System.nanoTime() - START) * 1e-9;
    }

    /** Seconds since the process was started, where the system tells; else since main. */
    public static double secondsSinceStart() {
        try {
            // Fields after the name, which may hold spaces: the 20th is the start, in ticks of
            // 10 ms since the machine's own start. ProcessHandle rounds that to a whole second.
            String stat = Files.readString(Path.of("/proc/self/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            String up = Files.readString(Path.of("/proc/uptime"));
            double seconds =
                    Double.parseDouble(up.substring(0, up.indexOf(' ')))
                            - Long.parseLong(fields[19]) / 100.0;
            return Math.max(seconds, seconds());
        } catch (IOException | RuntimeException e) {
            return seconds();
        }
    }
}
