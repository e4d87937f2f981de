package dev.skald.cli.doctor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What the system's files tell of NVIDIA GPUs; nothing is loaded. */
final class Gpu {
    private Gpu() {}

    /** The names of the GPUs. */
    static List<String> names() {
        List<String> names = new ArrayList<>();
        Path folder = Path.of("/proc/driver/nvidia/gpus");
        if (!Files.isDirectory(folder)) {
            return names;
        }
        try (DirectoryStream<Path> gpus = Files.newDirectoryStream(folder)) {
            for (Path gpu : gpus) {
                try (Stream<String> lines = Files.lines(gpu.resolve("information"))) {
                    names.add(
                            lines.filter(l -> l.startsWith("Model:"))
                                    .findFirst()
                                    .map(l -> l.substring("Model:".length()).strip())
                                    .orElse("unknown"));
                }
            }
        } catch (IOException | UncheckedIOException e) {
            names.add("unknown (" + e.getMessage() + ")");
        }
        return names;
    }

    /** The driver's version. */
    static Optional<String> driver() {
        try {
            String text = Files.readString(Path.of("/proc/driver/nvidia/version"));
            for (String word : text.split("\\s+")) {
                if (!word.isEmpty() && Character.isDigit(word.charAt(0)) && word.indexOf('.') > 0) {
                    return Optional.of(word);
                }
            }
            return Optional.of("unknown version");
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The library of the driver's API. */
    static Optional<Path> library() {
        List<Path> places =
                List.of(
                        Path.of("/usr/lib/x86_64-linux-gnu/libcuda.so.1"),
                        Path.of("/usr/lib/aarch64-linux-gnu/libcuda.so.1"),
                        Path.of("/usr/lib64/libcuda.so.1"),
                        Path.of("/usr/lib/libcuda.so.1"),
                        Path.of("/usr/local/nvidia/lib64/libcuda.so.1"),
                        Path.of("/usr/lib/wsl/lib/libcuda.so.1"),
                        Path.of("C:\\Windows\\System32\\nvcuda.dll"));
        return places.stream().filter(Files::exists).findFirst();
    }
}
