package dev.skald.it;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Programs and packages of other makers; a test that needs one that is not there is skipped. */
public final class Tools {
    private static final Path NPM = Path.of("target", "npm").toAbsolutePath();

    private Tools() {}

    /** The first of these programs on the path. */
    public static Path program(String... names) {
        for (String name : names) {
            for (String folder : System.getenv().getOrDefault("PATH", "").split(":")) {
                Path file = Path.of(folder, name);
                if (Files.isExecutable(file)) {
                    return file;
                }
            }
        }
        return abort("there is no " + names[0] + " on the path");
    }

    /** The folder of a package of npm, installed once a build. */
    public static synchronized Path npm(String name, String version) {
        Path folder = NPM.resolve("node_modules").resolve(name);
        try {
            if (!Files.isDirectory(folder)) {
                Files.createDirectories(NPM);
                String installed =
                        run(
                                NPM,
                                List.of(
                                        program("npm").toString(),
                                        "install",
                                        "--no-save",
                                        "--ignore-scripts",
                                        "--no-audit",
                                        "--no-fund",
                                        name + "@" + version));
                if (!Files.isDirectory(folder)) {
                    return abort("npm did not install " + name + ": " + installed.strip());
                }
            }
            return folder;
        } catch (IOException e) {
            return abort("npm cannot install " + name + ": " + e.getMessage());
        }
    }

    /** What a program prints in both streams; its exit code at the end if it is not 0. */
    public static String run(Path folder, List<String> command) throws IOException {
        Process process =
                new ProcessBuilder(new ArrayList<>(command))
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .start();
        process.getOutputStream().close();
        try {
            String said = new String(process.getInputStream().readAllBytes());
            if (!process.waitFor(5, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new IOException(command.get(0) + " does not end");
            }
            return process.exitValue() == 0 ? said : said + "\nexit code " + process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
            throw new IOException("interrupted", e);
        }
    }
}
