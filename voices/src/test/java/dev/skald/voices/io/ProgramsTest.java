package dev.skald.voices.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramsTest {
    @TempDir Path folder;

    @Test
    void theCurrentFolderIsNoPlaceForPrograms() throws IOException {
        boolean windows = File.separatorChar == '\\';
        Path program = folder.resolve(windows ? "tool.exe" : "tool");
        Files.writeString(program, "#!/bin/sh\n");
        assertThat(program.toFile().setExecutable(true)).isTrue();
        Path relative = Path.of("").toAbsolutePath().relativize(folder);
        String path = String.join(File.pathSeparator, "", ".", relative.toString());
        assertThat(Programs.find("tool", path)).isEmpty();
        assertThat(Programs.find("tool", path + File.pathSeparator + folder)).contains(program);
        assertThat(Programs.find("tool", "")).isEmpty();
    }
}
