package dev.skald.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.skald.cuda.driver.Driver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A driver that is a CPU: {@code src/test/cuda} runs the kernels' own sources, so that this module
 * is tested where there is no card. Not safe for many threads.
 */
public final class SimulatedDriver {
    private SimulatedDriver() {}

    /** Builds it once and has it loaded in the place of the real one; skips without a compiler. */
    public static void use() {
        if (System.getProperty(Driver.LIBRARY) != null) {
            return;
        }
        assumeTrue(has("g++"), "the simulated driver is built with g++, which is not here");
        try {
            Process build =
                    new ProcessBuilder("bash", "./build-kernels", "--sim").inheritIO().start();
            if (!build.waitFor(9, TimeUnit.MINUTES) || build.exitValue() != 0) {
                throw new AssertionError("build-kernels --sim failed");
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
        System.setProperty(
                Driver.LIBRARY, Path.of("target", "libcuda-sim.so").toAbsolutePath().toString());
    }

    private static boolean has(String program) {
        String path = System.getenv().getOrDefault("PATH", "");
        for (String folder : path.split(":")) {
            if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, program))) {
                return true;
            }
        }
        return false;
    }
}
