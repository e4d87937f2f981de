package dev.skald.cli.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VectorJarTest {
    @TempDir Path folder;

    @Test
    void theVectorApiWorksFromTheBootClassPath() throws IOException, InterruptedException {
        Path jar = folder.resolve("vectors.jar");
        VectorJar.write(jar);
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            assertThat(zip.stream().map(ZipEntry::getName))
                    .contains("jdk/incubator/vector/FloatVector.class")
                    .doesNotContain("module-info.class");
        }
        Path source = folder.resolve("Sum.java");
        Files.writeString(
                source,
                """
                import jdk.incubator.vector.FloatVector;

                class Sum {
                    public static void main(String[] args) {
                        var v = FloatVector.broadcast(FloatVector.SPECIES_256, 2f);
                        System.out.println(v.fma(v, v).reinterpretAsInts().lane(7));
                    }
                }
                """);
        assertThat(run("javac", "--add-modules", "jdk.incubator.vector", source.toString()))
                .doesNotContain("error");
        assertThat(
                        run(
                                "java",
                                "-Xbootclasspath/a:" + jar,
                                "-XX:+UnlockExperimentalVMOptions",
                                "-XX:+EnableVectorSupport",
                                export("jdk.internal.foreign"),
                                export("jdk.internal.misc"),
                                export("jdk.internal.util"),
                                export("jdk.internal.vm.vector"),
                                "-cp",
                                folder.toString(),
                                "Sum"))
                .isEqualToIgnoringNewLines(Integer.toString(Float.floatToIntBits(6f)));
    }

    private static String export(String name) {
        return "--add-exports=java.base/" + name + "=ALL-UNNAMED";
    }

    private static String run(String program, String... arguments)
            throws IOException, InterruptedException {
        String[] command = new String[arguments.length + 1];
        command[0] = Path.of(System.getProperty("java.home"), "bin", program).toString();
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return output;
    }
}
