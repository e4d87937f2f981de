package dev.skald.voices.io;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * Finds programs of the machine on its {@code PATH}. Windows would look into the current folder
 * first, and a relative entry of the {@code PATH} means it too: what lies where a person happens to
 * stand must not be run.
 */
public final class Programs {
    private Programs() {}

    /** The program's absolute path; empty if the machine has none of that name. */
    public static Optional<Path> find(String name) {
        return find(name, System.getenv().getOrDefault("PATH", ""));
    }

    static Optional<Path> find(String name, String path) {
        boolean windows =
                System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");
        for (String entry : path.split(File.pathSeparator, -1)) {
            try {
                Path folder = Path.of(entry);
                Path program = folder.resolve(windows ? name + ".exe" : name);
                if (folder.isAbsolute()
                        && Files.isRegularFile(program)
                        && Files.isExecutable(program)) {
                    return Optional.of(program);
                }
            } catch (InvalidPathException e) {
                // Not a folder's name.
            }
        }
        return Optional.empty();
    }
}
