package dev.skald.cli.launch;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What {@code skald.cmd} runs in the background once a build: {@code CACHE JAVA ARGUMENT...} speaks
 * a sentence by that command line and keeps the AOT cache that the JVM makes of it. All that is
 * written lies in a folder of its own until it is whole. {@code skald} does the same by itself.
 */
final class Training {
    private Training() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        Path cache = Path.of(args[0]);
        Path folder = cache.resolveSibling("training");
        try {
            Files.createDirectory(folder);
        } catch (FileAlreadyExistsException e) {
            return; // another one does it
        }
        Path made = folder.resolve("aot");
        Path spoken = folder.resolve("training.wav");
        try {
            List<String> command = new ArrayList<>();
            command.add(args[1]);
            command.add("-XX:AOTCacheOutput=" + made);
            command.addAll(List.of(args).subList(2, args.length));
            command.addAll(List.of("-o", spoken.toString(), "--offline"));
            Process process =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            process.getOutputStream().close();
            boolean ended = process.waitFor(10, TimeUnit.MINUTES);
            process.destroy();
            if (!ended || process.exitValue() != 0 || !Files.exists(made)) {
                // An empty one: it failed, and is not tried again.
                Files.write(made, new byte[0]);
            }
            Files.move(made, cache, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            for (Path file : List.of(made, spoken)) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(folder);
        }
    }
}
