package dev.skald.cli.launch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the launcher script tells the process through system properties. */
public final class Launch {
    private static final long START = System.nanoTime();

    private Launch() {}

    /** Whether a person sits at {@code in} or {@code err}. */
    public static boolean terminal(String stream) {
        return System.getProperty("skald.terminal", "").contains(stream);
    }

    /** Whether this run is for the AOT cache alone: a server ends after its first speech. */
    public static boolean training() {
        return Boolean.getBoolean("skald.training");
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
