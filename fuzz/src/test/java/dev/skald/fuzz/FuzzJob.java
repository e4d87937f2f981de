package dev.skald.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * {@code make fuzz}: Jazzer on every reader, the time shared evenly. A finding is written to the
 * corpus, where the next build replays it; what covers more is kept in {@code target/fuzz}.
 */
@EnabledIfSystemProperty(named = "skald.fuzz.seconds", matches = "\\d+")
class FuzzJob {
    @ParameterizedTest
    @EnumSource
    void finds(Target target) throws IOException, InterruptedException {
        int seconds =
                Math.max(1, Integer.getInteger("skald.fuzz.seconds", 600) / Target.values().length);
        Path found = Files.createDirectories(Path.of("target/fuzz", target.title()));
        Path seeds = Files.createDirectories(Path.of("target/fuzz-seeds", target.title()));
        for (Map.Entry<String, byte[]> input : target.inputs().entrySet()) {
            Files.write(seeds.resolve(input.getKey()), input.getValue());
        }
        Path corpus = Files.createDirectories(target.corpus());
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-cp",
                                System.getProperty(
                                        "surefire.test.class.path",
                                        System.getProperty("java.class.path")),
                                "-Xmx1g",
                                "-Xss2m",
                                "-XX:+EnableDynamicAgentLoading",
                                "--enable-native-access=ALL-UNNAMED",
                                "--add-modules=jdk.incubator.vector",
                                "-Dskald.fuzz.target=" + target.title(),
                                "com.code_intelligence.jazzer.Jazzer",
                                "--target_class=" + JazzerEntry.class.getName(),
                                "--instrumentation_includes=dev.skald.**",
                                "--reproducer_path=" + found,
                                "-artifact_prefix=" + corpus + "/",
                                "-max_total_time=" + seconds,
                                "-timeout=30",
                                "-rss_limit_mb=0",
                                "-print_final_stats=1",
                                found.toString(),
                                seeds.toString()));
        Path log = found.resolveSibling(target.title() + ".log");
        int exit =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start()
                        .waitFor();
        assertThat(exit).as("%s: see %s", target, log.toAbsolutePath()).isZero();
    }
}
