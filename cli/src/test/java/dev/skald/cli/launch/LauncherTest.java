package dev.skald.cli.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher {@code ./skald} over a JDK that only tells how it was called. */
class LauncherTest {
    @TempDir Path folder;

    private Path launcher = Path.of("skald");
    private String options = "";

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
        Files.writeString(
                java,
                """
                #!/bin/sh
                for arg; do
                    [ "$arg" = -version ] && exit 0
                    echo "<$arg>"
                done
                exit 42
                """);
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
        return home;
    }

    private record Result(int code, String output) {}

    private Result run(Path jdk, String... arguments) throws IOException, InterruptedException {
        List<String> command = new java.util.ArrayList<>(List.of(launcher.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("SKALD_JAVA_HOME", jdk.toString());
        builder.environment().put("SKALD_PREPARE", "wait");
        if (options.isEmpty()) {
            builder.environment().remove("SKALD_JAVA_OPTS");
        } else {
            builder.environment().put("SKALD_JAVA_OPTS", options);
        }
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
        Path stamp = Files.writeString(dist.resolve("built"), "x");
        Files.setLastModifiedTime(stamp, FileTime.fromMillis(0));
        int second = 0;
        for (String file : files) {
            Path written = Files.writeString(dist.resolve(file), "x");
            Files.setLastModifiedTime(written, FileTime.fromMillis(1000L * ++second));
        }
        return dist;
    }

    @Test
    void usesTheCacheOfThisJdkAlone() throws IOException, InterruptedException {
        Path dist = built("vectors-25.0.1.jar", "java-25.0.1.aot");
        assertThat(run(jdk("25.0.1"), "speak").output())
                .contains("<-XX:AOTCache=" + dist.resolve("java-25.0.1.aot"))
                .contains("<-Xbootclasspath/a:" + dist.resolve("vectors-25.0.1.jar"))
                .doesNotContain("add-modules");
        assertThat(run(jdk("25.0.2"), "speak").output())
                .doesNotContain("AOTCache")
                .contains("<--add-modules>\n<jdk.incubator.vector>");
    }

    @Test
    void aServerThatSpeaksHasTheShortestStart() throws IOException, InterruptedException {
        Path dist = built("java-25.aot", "java-25-remote.aot");
        assertThat(run(jdk("25"), "speak", "x", "--server", "http://h:1").output())
                .contains("<@" + dist.resolve("remote.args"))
                .contains("<-XX:AOTCache=" + dist.resolve("java-25-remote.aot"))
                .contains(
                        "<-cp>\n", "<dev.skald.cli.Main>\n<speak>\n<x>\n<--server>\n<http://h:1>\n")
                .doesNotContain("vectors", "jvm.args");
        assertThat(run(jdk("25"), "speak", "x", "--server=h").output()).contains("remote.args");
        for (String[] local :
                List.of(
                        new String[] {"speak", "--batch", "f", "--server", "h"},
                        new String[] {"demo", "--server", "h"},
                        new String[] {"speak", "x", "--server", " "})) {
            assertThat(run(jdk("25"), local).output()).doesNotContain("remote");
        }
        options = "-XX:+UseG1GC";
        assertThat(run(jdk("25"), "speak", "x", "--server", "h").output())
                .doesNotContain("remote.args");
    }

    @Test
    void hasACacheForModeCinematic() throws IOException, InterruptedException {
        Path dist = built("vectors-25.jar", "java-25.aot", "java-25-cinematic.aot");
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
                """
                #!/bin/sh
                echo "$*" >>'%s'
                case $* in *Preparation*) echo x >"$4" ;; esac
                """
                        .formatted(calls));
        for (String left : List.of("java-25.aot.123", "vectors-25.jar.9.part")) {
            Path old = Files.createFile(dist.resolve(left));
            Files.setLastModifiedTime(old, FileTime.fromMillis(0));
        }
        assertThat(run(jdk, "speak", "x").code()).isZero();
        assertThat(dist.resolve("java-25.aot")).isEmptyFile();
        try (var left = Files.list(dist)) {
            assertThat(left.map(f -> f.getFileName().toString()))
                    .containsExactlyInAnyOrder("built", "java-25.aot", "vectors-25.jar");
        }
        int before = Files.readAllLines(calls).size();
        assertThat(run(jdk, "speak", "x").code()).isZero();
        assertThat(Files.readAllLines(calls)).hasSize(before + 1);
    }

    @Test
    void oneTrainsAtATimeAndAKilledOneIsSwept() throws IOException, InterruptedException {
        Path dist = built("vectors-25.jar");
        Path jdk = jdk("25");
        Files.writeString(jdk.resolve("bin").resolve("java"), "#!/bin/sh\n");
        Path training = Files.createDirectory(dist.resolve("training"));
        assertThat(run(jdk, "speak", "x").code()).isZero();
        assertThat(dist.resolve("java-25.aot")).doesNotExist();
        Files.writeString(training.resolve("aot.config"), "half");
        Files.setLastModifiedTime(training, FileTime.fromMillis(0));
        assertThat(run(jdk, "speak", "x").code()).isZero();
        assertThat(training).doesNotExist();
        assertThat(dist.resolve("java-25.aot")).exists();
    }

    @Test
    void aServerHasACacheOfItsOwnMadeOfARunThatEnds() throws IOException, InterruptedException {
        Path dist = built("vectors-25.jar");
        Path jdk = jdk("25");
        Path java = jdk.resolve("bin").resolve("java");
        Files.writeString(
                java,
                """
                #!/bin/sh
                for arg; do
                    case $arg in -XX:AOTCacheOutput=*) echo "$*" >"${arg#*=}"; exit ;; esac
                    echo "<$arg>"
                done
                """);
        String output = run(jdk, "serve", "--port", "1").output();
        assertThat(output)
                .contains("<-XX:AOTCache=" + dist.resolve("java-25-serve.aot"))
                .endsWith("<dev.skald.cli.Main>\n<serve>\n<--port>\n<1>\n");
        assertThat(dist.resolve("java-25-serve.aot"))
                .content()
                .contains("-Dskald.training=true", "lib/server/*", "serve --port 0");
        assertThat(dist.resolve("training")).doesNotExist();
    }

    private static final String SLOW_TRAINING =
            """
            #!/bin/sh
            case $* in *AOTCacheOutput*) echo x >'%1$s'; sleep %2$d; echo x >'%3$s' ;; esac
            """;

    /** A process group of its own, as a terminal makes it, gets the signal when training runs. */
    private Process interrupted(Path jdk, int seconds, String prepare, String signal)
            throws IOException, InterruptedException {
        Path begun = folder.resolve("begun");
        Path ended = folder.resolve("dist-aot");
        Files.writeString(
                jdk.resolve("bin").resolve("java"), SLOW_TRAINING.formatted(begun, seconds, ended));
        ProcessBuilder builder =
                new ProcessBuilder("setsid", launcher.toString(), "speak", "x").inheritIO();
        builder.environment().put("SKALD_JAVA_HOME", jdk.toString());
        builder.environment().put("SKALD_PREPARE", prepare);
        Process process = builder.start();
        for (int i = 0; i < 500 && !Files.exists(begun); i++) {
            Thread.sleep(20);
        }
        assertThat(begun).exists();
        new ProcessBuilder("kill", "-" + signal, "--", "-" + process.pid()).start().waitFor();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return process;
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void whoWaitsForTheTrainingMayEndItAndNothingIsLeft() throws IOException, InterruptedException {
        Path dist = built("vectors-25.jar");
        Process ended = interrupted(jdk("25"), 15, "wait", "TERM");
        assertThat(ended.exitValue()).isEqualTo(130);
        assertThat(folder.resolve("dist-aot")).doesNotExist();
        assertThat(dist.resolve("training")).doesNotExist();
        assertThat(dist.resolve("java-25.aot")).doesNotExist();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void inTheBackgroundItIsNotEndedByCtrlC() throws IOException, InterruptedException {
        Path dist = built("vectors-25.jar");
        Process ended = interrupted(jdk("25"), 1, "", "INT");
        assertThat(ended.exitValue()).isZero();
        for (int i = 0; i < 500 && Files.exists(dist.resolve("training")); i++) {
            Thread.sleep(20);
        }
        assertThat(folder.resolve("dist-aot")).exists();
        assertThat(dist.resolve("training")).doesNotExist();
        assertThat(dist.resolve("java-25.aot")).exists();
    }

    @Test
    void theOptionsOfAPersonWinAndAreNeverRun() throws IOException, InterruptedException {
        Path pwned = folder.resolve("pwned");
        options = "-Xmx500m -XX:+UseG1GC '-Da=b c' -Dd=$(touch${IFS}" + pwned + ")";
        String output = run(jdk("25"), "speak").output();
        assertThat(pwned).doesNotExist();
        assertThat(output)
                .contains(
                        "<-Xmx500m>\n<-XX:+UseG1GC>\n<-Da=b c>\n<-Dd=$(touch${IFS}"
                                + pwned
                                + ")>\n<-jar>")
                .doesNotContain("UseSerialGC", "-Xms");
    }

    @Test
    void optionsThatTheJvmRefusesAreToldInOneLine() throws IOException, InterruptedException {
        Path jdk = jdk("25");
        Files.writeString(
                jdk.resolve("bin").resolve("java"),
                """
                #!/bin/sh
                echo 'Error: Could not create the Java Virtual Machine.' >&2
                echo 'Unrecognized option: -Xnonsense' >&2
                exit 1
                """);
        options = "-Xnonsense";
        Result refused = run(jdk, "speak");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.output())
                .isEqualTo(
                        "skald: SKALD_JAVA_OPTS (-Xnonsense): Unrecognized option: -Xnonsense\n");
        options = "-Da='b";
        assertThat(run(jdk, "speak").output())
                .isEqualTo(
                        "skald: SKALD_JAVA_OPTS (-Da='b) cannot be read: a quote is not closed\n");
    }

    @Test
    void theJvmsOwnWordsDoNotGoWhereAudioGoes() throws IOException {
        assertThat(Files.readAllLines(Path.of("src/main/dist/jvm.args")))
                .contains("-XX:+DisplayVMOutputToStderr");
    }

    @Test
    void onlyWhatServesHasTheServersLibraries() throws IOException, InterruptedException {
        assertThat(run(jdk("25"), "speak", "x").output())
                .contains("<-jar>\n")
                .doesNotContain("server");
        for (String command : List.of("serve", "--help", "completion")) {
            assertThat(run(jdk("25"), command).output())
                    .contains("server.args>", "lib/server/*>", "<dev.skald.cli.Main>\n<" + command);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"skald", "mvnw"})
    void aFolderThatJavaCannotNameIsTold(String script) throws IOException, InterruptedException {
        launcher =
                Files.copy(
                        Path.of("..", script),
                        Files.createDirectory(folder.resolve("a:b")).resolve(script),
                        StandardCopyOption.COPY_ATTRIBUTES);
        Result result = run(jdk("25"), "speak");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.output()).contains("has a ':' in its name").hasLineCount(1);
    }
}
