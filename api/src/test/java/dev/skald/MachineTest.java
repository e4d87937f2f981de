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
    void twoThreadsOfACoreCountOnce() throws IOException {
        Path info = folder.resolve("cpuinfo");
        StringBuilder text = new StringBuilder();
        for (int cpu = 0; cpu < 8; cpu++) {
            text.append("processor\t: ").append(cpu).append('\n');
            text.append("physical id\t: ").append(cpu / 4).append('\n');
            text.append("core id\t\t: ").append(cpu % 2).append("\n\n");
        }
        Files.writeString(info, text);
        assertThat(PhysicalCores.linux(info)).isEqualTo(4);
    }

    @Test
    void withoutCpuinfoTheJvmCounts() {
        assertThat(PhysicalCores.linux(folder.resolve("none"))).isZero();
        assertThat(PhysicalCores.count()).isBetween(1, Runtime.getRuntime().availableProcessors());
    }
}
