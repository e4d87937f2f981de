package dev.skald.cli.bench;

import dev.skald.SkaldException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/**
 * This program again, as this process was started.
 *
 * @param handedOn the options that it is told too
 */
record SelfProcess(List<String> handedOn) {
    private static final String MAIN = "dev.skald.cli.Main";
    private static final JsonMapper JSON = new JsonMapper();

    /** The most memory that a process holds which speaks a text twice. */
    long peakBytes(BenchText text, String without) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (!argument.startsWith("-agentlib") && !argument.startsWith("-javaagent")) {
                command.add(argument);
            }
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), MAIN));
        command.addAll(List.of("bench", "--one", text.name()));
        command.addAll(List.of("--repetitions", "1", "--warm-up", "1", "-q"));
        command.addAll(handedOn);
        command.addAll(List.of("--without", without));
        try {
            Process process =
                    new ProcessBuilder(command)
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            process.getOutputStream().close();
            String told =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.waitFor() == 0
                    ? JSON.readTree(told).at("/row/peak_rss_bytes").asLong()
                    : 0;
        } catch (IOException e) {
            throw new SkaldException("cannot start this program again: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SkaldException("interrupted", e);
        }
    }
}
