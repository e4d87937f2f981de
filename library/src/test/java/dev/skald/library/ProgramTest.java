package dev.skald.library;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program with nothing but this module's dependencies speaks, on either path. */
class ProgramTest {
    private static final String WITHOUT_VECTORS =
            "computing without vectors, many times slower: start Java with --add-modules"
                    + " jdk.incubator.vector";

    @TempDir Path folder;

    /** What a program that depends on this module has, without what only tests need. */
    private final String path =
            Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                    .filter(e -> !e.endsWith("test-classes"))
                    .filter(e -> !e.matches(".*(junit|assertj|jqwik|opentest|apiguardian|buddy).*"))
                    .collect(Collectors.joining(File.pathSeparator));

    @BeforeEach
    void compile() throws IOException {
        Path source = Files.createDirectories(folder.resolve("src/hello"));
        Files.writeString(
                folder.resolve("src/module-info.java"), "module hello { requires dev.skald; }");
        Files.writeString(
                source.resolve("Hello.java"),
                """
                package hello;
                import dev.skald.Skald;
                import java.nio.file.Path;
                public class Hello {
                    public static void main(String[] args) {
                        try (Skald skald = Skald.builder().home(Path.of(args[0])).offline(true).open()) {
                            skald.speak("Hi.").writeTo(Path.of(args[1]));
                        }
                        System.out.println(Skald.class.getModule());
                    }
                }
                """);
        int code =
                ToolProvider.getSystemJavaCompiler()
                        .run(
                                null,
                                null,
                                null,
                                "-d",
                                folder.resolve("program").toString(),
                                "-p",
                                path,
                                folder.resolve("src/module-info.java").toString(),
                                source.resolve("Hello.java").toString());
        assertThat(code).isZero();
    }

    @Test
    void onTheModulePathNoFlagIsNeeded() throws Exception {
        String said =
                run(
                        "-p",
                        path + File.pathSeparator + folder.resolve("program"),
                        "-m",
                        "hello/hello.Hello");
        assertThat(said).contains("module dev.skald").doesNotContain("without vectors");
    }

    @Test
    void onTheClassPathTheMissingFlagIsToldOnce() throws Exception {
        String said =
                run("-cp", path + File.pathSeparator + folder.resolve("program"), "hello.Hello");
        assertThat(said).contains("unnamed module").containsOnlyOnce(WITHOUT_VECTORS);
    }

    @Test
    void onTheClassPathWithTheFlagNothingIsTold() throws Exception {
        String said =
                run(
                        "--add-modules",
                        "jdk.incubator.vector",
                        "-cp",
                        path + File.pathSeparator + folder.resolve("program"),
                        "hello.Hello");
        assertThat(said).contains("unnamed module").doesNotContain("without vectors");
    }

    /** Runs the program with these options; gives what it printed. */
    private String run(String... options) throws Exception {
        Path wav = folder.resolve("hi.wav");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.add(folder.resolve("home").toString());
        command.add(wav.toString());
        Path log = folder.resolve("log.txt");
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        String said = Files.readString(log);
        assertThat(process.exitValue()).as(said).isZero();
        assertThat(Files.size(wav)).isGreaterThan(10_000);
        return said;
    }
}
