package dev.skald.cli.launch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** What the operating system tells of this machine and this process. */
public final class Machine {
    private Machine() {}

    /** {@code Linux 6.1 amd64}. */
    public static String system() {
        return System.getProperty("os.name")
                + " "
                + System.getProperty("os.version")
                + " "
                + System.getProperty("os.arch");
    }

    /** The processor's name, where the system tells it. */
    public static String processor() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(l -> l.startsWith("model name"))
                    .findFirst()
                    .map(l -> l.substring(l.indexOf(':') + 1).strip())
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException | UncheckedIOException e) {
            String windows = System.getenv("PROCESSOR_IDENTIFIER");
            return windows == null ? System.getProperty("os.arch") : windows;
        }
    }

    public static OptionalLong memoryBytes() {
        return kilobytes(Path.of("/proc/meminfo"), "MemTotal:");
    }

    /** The most memory this process has held so far. */
    public static OptionalLong peakBytes() {
        return kilobytes(Path.of("/proc/self/status"), "VmHWM:");
    }

    private static OptionalLong kilobytes(Path file, String key) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(l -> l.startsWith(key))
                    .mapToLong(
                            l ->
                                    Long.parseLong(
                                                    l.substring(key.length())
                                                            .replace("kB", "")
                                                            .strip())
                                            * 1024)
                    .findFirst();
        } catch (IOException | UncheckedIOException | NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    /** One line for a table's heading. */
    public static String summary(int physicalCores) {
        String memory =
                memoryBytes().isPresent()
                        ? String.format(Locale.ROOT, ", %.0f GB", memoryBytes().getAsLong() / 1e9)
                        : "";
        return processor()
                + ", "
                + physicalCores
                + " cores"
                + memory
                + ", "
                + system()
                + ", Java "
                + Runtime.version();
    }
}
