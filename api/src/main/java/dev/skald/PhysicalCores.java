package dev.skald;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Counts the physical cores this process may use: two threads of one core share its arithmetic. */
public final class PhysicalCores {
    private PhysicalCores() {}

    /**
     * On Linux, distinct (package, core) pairs, never more than the JVM's own count (containers and
     * affinity); elsewhere the JVM's count. At least 1.
     */
    public static int count() {
        int logical = Runtime.getRuntime().availableProcessors();
        int physical = linux(Path.of("/proc/cpuinfo"));
        return physical > 0 ? Math.min(physical, logical) : logical;
    }

    static int linux(Path cpuinfo) {
        List<String> lines;
        try {
            lines = Files.readAllLines(cpuinfo);
        } catch (IOException | java.io.UncheckedIOException e) {
            return 0;
        }
        Set<String> cores = new HashSet<>();
        String pack = "0";
        for (String line : lines) {
            int colon = line.indexOf(':');
            if (colon < 0) {
                continue;
            }
            String key = line.substring(0, colon).strip();
            String value = line.substring(colon + 1).strip();
            if (key.equals("physical id")) {
                pack = value;
            } else if (key.equals("core id")) {
                cores.add(pack + "/" + value);
            }
        }
        return cores.size();
    }
}
