package dev.skald.cli.launch;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The flags that name kernels name those there are: else they would be slow and nobody told. */
class JvmArgsTest {
    private static final Path FILE = Path.of("src/main/dist/jvm.args");
    private static final Pattern LOOPS =
            Pattern.compile(
                    "-XX:CompileCommand=(?:CompileThresholdScaling,|BackgroundCompilation,|dontinline,)"
                            + "([\\w.]+)\\*::(\\w+)\\*(?:,.*)?");

    @Test
    void theFlagsNameEveryVectorLoop() throws IOException {
        List<Matcher> flags =
                Files.readAllLines(FILE).stream()
                        .map(LOOPS::matcher)
                        .filter(Matcher::matches)
                        .toList();
        assertThat(flags).hasSize(3);
        JavaClasses tensor = new ClassFileImporter().importPackages("dev.skald.tensor");
        List<JavaClass> kernels =
                tensor.stream()
                        .filter(c -> c.isAssignableTo("dev.skald.tensor.cpu.jit.JitKernel"))
                        .filter(c -> !c.getModifiers().contains(JavaModifier.ABSTRACT))
                        .toList();
        assertThat(kernels).hasSizeGreaterThan(25);
        for (Matcher flag : flags) {
            for (JavaClass kernel : kernels) {
                assertThat(kernel.getName()).startsWith(flag.group(1));
                assertThat(kernel.getMethods())
                        .as("loops of %s named %s*", kernel.getName(), flag.group(2))
                        .anyMatch(m -> m.getName().startsWith(flag.group(2)));
            }
        }
    }

    /** Only functions of a vector: whatever else had such a name would be inlined too. */
    @Test
    void whatIsInlinedByNameIsAFunctionOfAVector() throws IOException {
        assertThat(Files.readAllLines(FILE))
                .contains("-XX:CompileCommand=inline,dev.skald.tensor.cpu.*::lanes*");
        for (JavaClass c : new ClassFileImporter().importPackages("dev.skald.tensor.cpu")) {
            for (JavaMethod m : c.getMethods()) {
                boolean vector =
                        m.getRawReturnType().getName().equals("jdk.incubator.vector.FloatVector");
                boolean helper = vector && !c.getSimpleName().equals("Lanes");
                assertThat(m.getName().startsWith("lanes")).as(m.getFullName()).isEqualTo(helper);
            }
        }
    }

    @Test
    void whatC2GivesUpIsEspeaksModule() throws IOException {
        assertThat(Files.readAllLines(FILE))
                .contains("-XX:CompileCommand=MaxNodeLimit,dev.skald.espeak.EspeakModule*::*,1000");
        assertThat(new ClassFileImporter().importPackages("dev.skald.espeak"))
                .anyMatch(c -> c.getSimpleName().startsWith("EspeakModuleMachine"));
    }

    /** What one launcher tells the JVM, the other does too; no machine here runs {@code cmd}. */
    @Test
    void bothLaunchersSayTheSame() throws IOException {
        String posix = Files.readString(Path.of("../skald"));
        String windows = Files.readString(Path.of("../skald.cmd"));
        for (String file : List.of("jvm.args", "vectors.args", "server.args", "remote.args")) {
            assertThat(posix).contains("@$dist/" + file);
            assertThat(windows).contains("@%dist%\\" + file);
            assertThat(FILE.resolveSibling(file)).exists();
        }
        for (String both :
                List.of(
                        "-Xms192m",
                        "-Xms32m",
                        "-XX:+UseSerialGC",
                        "-XX:MinHeapFreeRatio=5 -XX:MaxHeapFreeRatio=10",
                        "-XX:MinHeapFreeRatio=10 -XX:MaxHeapFreeRatio=20",
                        "-Xbootclasspath/a:",
                        "-Dskald.vectors=",
                        "-Dskald.root=",
                        "-XX:AOTCache=",
                        "dev.skald.cli.launch.Preparation",
                        "dev.skald.cli.Main")) {
            assertThat(posix).contains(both);
            assertThat(windows).contains(both);
        }
        assertThat(posix + windows).doesNotContain("CompileCommand");
        assertThat(windows).contains("dev.skald.cli.launch.Training");
    }

    @Test
    void bothLaunchersStartTheSameCommandsWithoutTheServer() throws IOException {
        Matcher posix =
                Pattern.compile("\\n    (speak [a-z |]*)\\) set -- -jar")
                        .matcher(Files.readString(Path.of("../skald")));
        Matcher windows =
                Pattern.compile("for %%C in \\((speak [a-z ]*)\\) do")
                        .matcher(Files.readString(Path.of("../skald.cmd")));
        assertThat(posix.find()).isTrue();
        assertThat(windows.find()).isTrue();
        assertThat(posix.group(1).replace(" |", "")).isEqualTo(windows.group(1));
    }

    /** Labels that are called are there, and quotes pair in every line. */
    @Test
    void skaldCmdIsWhole() throws IOException {
        String text = Files.readString(Path.of("../skald.cmd"));
        Matcher calls = Pattern.compile("call (:\\w+)").matcher(text);
        assertThat(calls.find()).isTrue();
        assertThat(text).contains("\n" + calls.group(1) + "\r\n");
        for (String line : text.split("\r\n")) {
            // The one that takes quotes away has one of its own.
            long quotes = line.replace(":\"=", "").chars().filter(c -> c == '"').count();
            assertThat(quotes % 2).as(line).isZero();
        }
    }
}
