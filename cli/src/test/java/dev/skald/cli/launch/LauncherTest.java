package dev.skald.cli.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher {@code ./skald} over a JDK that only tells how it was called. */
class LauncherTest {
    @TempDir Path folder;

    private Path launcher = Path.of("skald");

    @BeforeEach
    void copyLauncher() throws IOException {
        Assumptions.assumeTrue(File.separatorChar == '/', "Windows starts by skald.cmd");
        launcher =
                Files.copy(
                        Path.of("..", "skald"),
                        Files.createDirectory(folder.resolve("a b")).resolve("skald"));
        Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Path jdk(String version) throws IOException {
        Path home = Files.createDirectories(folder.resolve("jdk-" + version));
        Files.writeString(
                home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        Path java = Files.createDirectories(home.resolve("bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\nfor arg; do echo \"<$arg>\"; done\nexit 42\n");
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
        return home;
    }

    private record Result(int code, String output) {}

    private Result run(Path jdk, String... arguments) throws IOException, InterruptedException {
        List<String> command = new java.util.ArrayList<>(List.of(launcher.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("SKALD_JAVA_HOME", jdk.toString());
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), output);
    }

    @Test
    void handsEveryArgumentOnAsItIs() throws IOException, InterruptedException {
        Result result = run(jdk("25.0.1"), "speak", "two words", "", "$HOME *");
        assertThat(result.output())
                .contains("<-jar>\n")
                .endsWith("skald-cli.jar>\n<speak>\n<two words>\n<>\n<$HOME *>\n");
        assertThat(result.code()).isEqualTo(42);
    }

    @Test
    void takesALaterJdk() throws IOException, InterruptedException {
        assertThat(run(jdk("26"), "speak").code()).isEqualTo(42);
    }

    @Test
    void refusesAnEarlierJdkInOneLine() throws IOException, InterruptedException {
        for (String version : List.of("1.8.0_292", "9", "17.0.15", "24.0.1")) {
            Result result = run(jdk(version), "speak");
            assertThat(result.code()).isEqualTo(1);
            assertThat(result.output())
                    .startsWith("skald: SKALD_JAVA_HOME (")
                    .endsWith("is not a JDK 25 or newer\n");
        }
    }

    private Path built(String... files) throws IOException {
        Path dist = Files.createDirectories(launcher.resolveSibling("cli/target/skald"));
        Path stamp = Files.writeString(dist.resolve("built"), "");
        Files.setLastModifiedTime(stamp, FileTime.fromMillis(0));
        for (String file : files) {
            Files.writeString(dist.resolve(file), "x");
        }
        return dist;
    }

    @Test
    void usesTheCacheOfThisJdkAlone() throws IOException, InterruptedException {
        Path dist = built("java-25.0.1.aot", "vectors-25.0.1.jar");
        assertThat(run(jdk("25.0.1"), "speak").output())
                .contains("<-XX:AOTCache=" + dist.resolve("java-25.0.1.aot"))
                .contains("<-Xbootclasspath/a:" + dist.resolve("vectors-25.0.1.jar"))
                .doesNotContain("add-modules");
        assertThat(run(jdk("25.0.2"), "speak").output())
                .doesNotContain("AOTCache")
                .contains("<--add-modules>\n<jdk.incubator.vector>");
    }

    @Test
    void hasACacheForModeCinematic() throws IOException, InterruptedException {
        Path dist = built("java-25.aot", "java-25-cinematic.aot", "vectors-25.jar");
        for (String[] wish :
                List.of(
                        new String[] {"speak", "--mode", "cinematic"},
                        new String[] {"speak", "--mode=cinematic", "x"},
                        new String[] {"speak", "x", "--model", "nano"})) {
            assertThat(run(jdk("25"), wish).output())
                    .contains("<-XX:AOTCache=" + dist.resolve("java-25-cinematic.aot"));
        }
        assertThat(run(jdk("25"), "speak", "--mode", "fast").output())
                .contains("<-XX:AOTCache=" + dist.resolve("java-25.aot"));
        Files.delete(dist.resolve("java-25-cinematic.aot"));
        assertThat(run(jdk("25"), "speak", "--mode", "cinematic").output())
                .contains("<-XX:AOTCache=" + dist.resolve("java-25.aot"));
    }

    @Test
    void trainsOnceThoughItFails() throws IOException, InterruptedException {
        Path dist = built();
        Path jdk = jdk("25");
        Path calls = folder.resolve("calls");
        Files.writeString(
                jdk.resolve("bin").resolve("java"),
                "#!/bin/sh\necho \"$*\" >>'" + calls + "'\nexit 0\n");
        assertThat(run(jdk, "speak", "x").code()).isZero();
        assertThat(dist.resolve("java-25.aot")).isEmptyFile();
        int before = Files.readAllLines(calls).size();
        assertThat(run(jdk, "speak", "x").code()).isZero();
        assertThat(Files.readAllLines(calls)).hasSize(before + 1);
    }
}
