package dev.skald;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineTest {
    @TempDir Path folder;

    @Test
    void theHomeFollowsTheSystem() {
        assertThat(SkaldHome.folder(Map.of("SKALD_HOME", "/x"), "Linux", "/home/a"))
                .isEqualTo(Path.of("/x"));
        assertThat(SkaldHome.folder(Map.of(), "Linux", "/home/a"))
                .isEqualTo(Path.of("/home/a/.local/share/skald"));
        assertThat(SkaldHome.folder(Map.of("XDG_DATA_HOME", "/d"), "Linux", "/home/a"))
                .isEqualTo(Path.of("/d/skald"));
        assertThat(SkaldHome.folder(Map.of(), "Mac OS X", "/Users/a"))
                .isEqualTo(Path.of("/Users/a/Library/Application Support/skald"));
        assertThat(SkaldHome.folder(Map.of("LOCALAPPDATA", "/l"), "Windows 11", "/u"))
                .isEqualTo(Path.of("/l/skald"));
        assertThat(SkaldHome.folder(Map.of(), "Windows 11", "/u"))
                .isEqualTo(Path.of("/u/AppData/Local/skald"));
    }

    @Test
    void twoThreadsOfACoreCountOnceAndOnlyWhereThisProcessMayRun() throws IOException {
        // Eight processors, two a core; three of them allowed, on two cores.
        for (int cpu = 0; cpu < 8; cpu++) {
            Path topology = folder.resolve("cpu" + cpu + "/topology");
            Files.createDirectories(topology);
            Files.writeString(
                    topology.resolve("thread_siblings"), Integer.toHexString(3 << cpu / 2 * 2));
        }
        Path status = folder.resolve("status");
        Files.writeString(status, "Name:\tjava\nCpus_allowed_list:\t0-1,7\n");
        assertThat(PhysicalCores.linux(status, folder)).isEqualTo(2);
        Files.writeString(status, "Cpus_allowed_list:\t0-7\n");
        assertThat(PhysicalCores.linux(status, folder)).isEqualTo(4);
        Files.writeString(status, "Cpus_allowed_list:\t0-8\n");
        assertThat(PhysicalCores.linux(status, folder)).isZero();
    }

    @Test
    void whereTheSystemDoesNotTellTheJvmCounts() {
        assertThat(PhysicalCores.linux(folder.resolve("none"), folder)).isZero();
        assertThat(PhysicalCores.count()).isBetween(1, Runtime.getRuntime().availableProcessors());
    }
}
