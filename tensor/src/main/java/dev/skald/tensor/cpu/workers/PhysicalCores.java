package dev.skald.tensor.cpu.workers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** How many physical cores this process may use. */
public final class PhysicalCores {
    private PhysicalCores() {}

    /**
     * Linux says which logical processors share a core; elsewhere all of them count. Never more
     * than the JVM was given.
     */
    public static int count() {
        int logical = Runtime.getRuntime().availableProcessors();
        Set<String> cores = new HashSet<>();
        for (int cpu = 0; cpu < 1024; cpu++) {
            Path p = Path.of("/sys/devices/system/cpu/cpu" + cpu + "/topology/thread_siblings");
            try {
                if (!Files.isReadable(p)) {
                    break;
                }
                cores.add(Files.readString(p));
            } catch (IOException e) {
                return logical;
            }
        }
        return cores.isEmpty() ? logical : Math.min(logical, cores.size());
    }
}
