package dev.skald;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** Counts the physical cores this process may use: two threads of one core share its arithmetic. */
public final class PhysicalCores {
    private PhysicalCores() {}

    /**
     * On Linux, the distinct cores of the processors this process may run on (its affinity mask and
     * cpuset); elsewhere the JVM's count. Never more than the JVM's count, which heeds the quota of
     * a container's control group. At least 1.
     */
    public static int count() {
        int logical = Runtime.getRuntime().availableProcessors();
        int physical = linux(Path.of("/proc/self/status"), Path.of("/sys/devices/system/cpu"));
        return physical > 0 ? Math.min(physical, logical) : logical;
    }

    /** 0 where the system does not tell. */
    static int linux(Path status, Path cpus) {
        Set<String> cores = new HashSet<>();
        try {
            for (String line : Files.readAllLines(status)) {
                if (line.startsWith("Cpus_allowed_list:")) {
                    for (String range : line.substring(line.indexOf(':') + 1).strip().split(",")) {
                        String[] ends = range.split("-", 2);
                        int last = Integer.parseInt(ends[ends.length - 1]);
                        for (int cpu = Integer.parseInt(ends[0]); cpu <= last; cpu++) {
                            // The same text for all processors of a core.
                            Path siblings = cpus.resolve("cpu" + cpu + "/topology/thread_siblings");
                            cores.add(Files.readString(siblings));
                        }
                    }
                }
            }
        } catch (IOException | UncheckedIOException | NumberFormatException e) {
            return 0;
        }
        return cores.size();
    }
}
