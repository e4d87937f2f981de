package dev.skald.cli.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Over a JVM that only writes what it is told to. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the test's JVM is a shell script")
class TrainingTest {
    @TempDir Path folder;

    private Path cache(String script) throws IOException, InterruptedException {
        Path java = Files.writeString(folder.resolve("java"), "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path cache = folder.resolve("java-25.aot");
        Training.main(new String[] {cache.toString(), java.toString(), "-jar", "x", "speak"});
        return cache;
    }

    @Test
    void aCacheIsThereWhenItIsWhole() throws IOException, InterruptedException {
        Path cache = cache("echo \"$*\" >\"${1#-XX:AOTCacheOutput=}\"");
        Path work = folder.resolve("training");
        assertThat(cache)
                .hasContent(
                        "-XX:AOTCacheOutput="
                                + work.resolve("aot")
                                + " -jar x speak -o "
                                + work.resolve("training.wav")
                                + " --offline\n");
        assertThat(work).doesNotExist();
    }

    @Test
    void oneThatFailsIsNotTriedAgain() throws IOException, InterruptedException {
        assertThat(cache("echo x >\"${1#-XX:AOTCacheOutput=}\"; exit 3")).isEmptyFile();
    }

    @Test
    void oneTrainsAtATime() throws IOException, InterruptedException {
        Files.createDirectory(folder.resolve("training"));
        assertThat(cache("exit 1")).doesNotExist();
    }
}
