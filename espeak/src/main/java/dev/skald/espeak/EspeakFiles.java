package dev.skald.espeak;

import dev.skald.EngineUnavailableException;
import dev.skald.SkaldException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.jspecify.annotations.Nullable;

/**
 * The library and its data on disk, extracted from the jar once per version.
 *
 * @param library the shared library
 * @param data the folder that holds {@code espeak-ng-data}
 */
record EspeakFiles(Path library, Path data) {
    /** Names the extracted folder: another version of the binaries must change it. */
    static final String VERSION = "1.52.0.1-c0670df";

    private static final String RESOURCES = "native/";

    /** Where the library of a platform lies in the jar, and its file name. */
    record Native(String folder, String file) {
        static @Nullable Native of(String os, String arch) {
            String system = os.toLowerCase(Locale.ROOT);
            String machine =
                    switch (arch.toLowerCase(Locale.ROOT)) {
                        case "amd64", "x86_64" -> "amd64";
                        case "aarch64", "arm64" -> "arm64";
                        case "arm", "arm32", "armv7l" -> "armv7l";
                        default -> "";
                    };
            if (machine.isEmpty()) {
                return null;
            }
            if (system.startsWith("linux")) {
                return new Native("debian-" + machine, "libespeak-ng.so.1");
            }
            if (system.startsWith("mac") && !machine.equals("armv7l")) {
                return new Native("macos-" + machine, "libespeak-ng.1.dylib");
            }
            if (system.startsWith("windows") && machine.equals("amd64")) {
                return new Native("win-amd64", "espeak-ng.dll");
            }
            return null;
        }

        static Native ofThisMachine() {
            String os = System.getProperty("os.name", "");
            String arch = System.getProperty("os.arch", "");
            Native found = of(os, arch);
            if (found == null) {
                throw new EngineUnavailableException(
                        "eSpeak NG is not packed for "
                                + os
                                + " on "
                                + arch
                                + ": use Linux (x64, arm64, armv7), macOS (x64, arm64) or Windows (x64)");
            }
            return found;
        }
    }

    /**
     * Extracts into {@code cache/espeak-ng}, unless that was done before. The folder appears under
     * its name only when it is whole, so two processes may do it at once.
     */
    static EspeakFiles extracted(Path cache) {
        Native files = Native.ofThisMachine();
        Path parent = cache.resolve("espeak-ng");
        Path folder = parent.resolve(VERSION + "-" + files.folder());
        if (!Files.isDirectory(folder)) {
            try {
                Files.createDirectories(parent);
                Path part = Files.createTempDirectory(parent, ".part-");
                try {
                    extract(files, part);
                    publish(part, folder);
                } finally {
                    delete(part);
                }
            } catch (IOException e) {
                throw new SkaldException(
                        "cannot extract eSpeak NG into "
                                + parent
                                + " ("
                                + e
                                + "): set SKALD_HOME to a folder that can be written",
                        e);
            }
        }
        return new EspeakFiles(folder.resolve(files.file()), folder);
    }

    private static void publish(Path part, Path folder) throws IOException {
        try {
            Files.move(part, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException | java.nio.file.DirectoryNotEmptyException e) {
            // Another process was first; its copy is the same.
        } catch (IOException e) {
            if (!Files.isDirectory(folder)) {
                throw e;
            }
        }
    }

    private static void extract(Native files, Path to) throws IOException {
        try (InputStream in = resource(files.folder() + "/" + files.file())) {
            Files.copy(in, to.resolve(files.file()));
        }
        Path data = Files.createDirectory(to.resolve("espeak-ng-data"));
        try (ZipInputStream zip =
                new ZipInputStream(
                        new BufferedInputStream(resource("espeak-ng-data.zip"), 1 << 16))) {
            for (ZipEntry entry; (entry = zip.getNextEntry()) != null; ) {
                Path target = data.resolve(entry.getName()).normalize();
                if (!target.startsWith(data)) {
                    throw new IOException("espeak-ng-data.zip leaves its folder");
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(target);
                } else {
                    Files.createDirectories(target.getParent());
                    Files.copy(zip, target);
                }
            }
        }
    }

    private static InputStream resource(String name) throws IOException {
        InputStream in = EspeakFiles.class.getResourceAsStream(RESOURCES + name);
        if (in == null) {
            throw new IOException("the jar of skald-espeak lacks " + name);
        }
        return in;
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
