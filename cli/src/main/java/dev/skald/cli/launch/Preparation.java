package dev.skald.cli.launch;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * What the launcher runs once a build, before the first start: {@code VECTORS JAR...} copies the
 * Vector API to {@code VECTORS} and brings the jars up to date.
 */
final class Preparation {
    private Preparation() {}

    public static void main(String[] args) throws IOException {
        for (String jar : Arrays.asList(args).subList(1, args.length)) {
            ModernJar.raise(Path.of(jar));
        }
        VectorJar.write(Path.of(args[0]));
    }

    /** Where a jar is written until it is whole: several processes may do so at once. */
    static Path part(Path jar) {
        return jar.resolveSibling(
                jar.getFileName() + "." + ProcessHandle.current().pid() + ".part");
    }
}
