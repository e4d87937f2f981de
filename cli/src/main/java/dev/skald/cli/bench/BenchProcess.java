package dev.skald.cli.bench;

import dev.skald.SkaldException;
import dev.skald.voices.io.Programs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Fresh processes of this command, started by its launcher, and of its peers. */
final class BenchProcess {
    private final Path root;

    BenchProcess() {
        String told = System.getProperty("skald.root", "");
        if (told.isEmpty()) {
            throw new SkaldException("bench starts fresh processes: run it through ./skald");
        }
        root = Path.of(told);
    }

    /** The folder of the launcher. */
    Path root() {
        return root;
    }

    /** What a fresh process of this command writes. */
    String output(List<String> arguments) throws IOException, InterruptedException {
        return run(launcher(arguments));
    }

    /** Seconds a whole command takes. */
    double seconds(List<String> arguments) throws IOException, InterruptedException {
        long start = System.nanoTime();
        run(launcher(arguments));
        return (System.nanoTime() - start) * 1e-9;
    }

    String peer(Path home, String voice, List<String> texts, int repetitions, int warmUp)
            throws IOException, InterruptedException {
        Path script = root.resolve("bench/peers/piper-tts");
        if (!Files.isExecutable(script)) {
            throw new SkaldException("--peer needs a checkout: " + script + " is not there");
        }
        Path onnx = home.resolve("voices").resolve(voice).resolve(voice + ".onnx");
        if (!Files.isRegularFile(onnx)) {
            throw new SkaldException(
                    "--peer needs the voice's own .onnx: skald voices install " + voice);
        }
        Path folder = Files.createTempDirectory("skald-peer");
        List<Path> files = new ArrayList<>();
        try {
            List<String> command = new ArrayList<>();
            command.add(script.toString());
            command.add(onnx.toString());
            command.add(Integer.toString(warmUp));
            command.add(Integer.toString(repetitions));
            for (String name : texts) {
                Path file = folder.resolve(name + ".txt");
                Files.writeString(file, BenchText.named(name).text());
                files.add(file);
                command.add(file.toString());
            }
            return run(command);
        } finally {
            for (Path file : files) {
                Files.delete(file);
            }
            Files.delete(folder);
        }
    }

    /** The short hash, with a {@code +} if files differ from it; unknown outside a checkout. */
    static String commit() throws InterruptedException {
        Optional<Path> found = Programs.find("git");
        String root = System.getProperty("skald.root", "");
        if (found.isEmpty() || root.isEmpty()) {
            return "unknown";
        }
        String git = found.get().toString();
        try {
            String hash = run(List.of(git, "-C", root, "rev-parse", "--short", "HEAD"));
            String changed =
                    run(List.of(git, "-C", root, "status", "--porcelain", "--untracked-files=no"));
            return hash.strip() + (changed.isBlank() ? "" : "+");
        } catch (IOException | SkaldException e) {
            return "unknown";
        }
    }

    private List<String> launcher(List<String> arguments) {
        boolean windows = System.getProperty("os.name", "").startsWith("Windows");
        List<String> command = new ArrayList<>();
        command.add(root.resolve(windows ? "skald.cmd" : "skald").toString());
        command.addAll(arguments);
        return command;
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        // A training run behind the first speech would slow what is measured after it.
        builder.environment().put("SKALD_PREPARE", "wait");
        Process process = builder.start();
        try {
            process.getOutputStream().close();
            String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(1, TimeUnit.HOURS) || process.exitValue() != 0) {
                throw new SkaldException(command.getFirst() + " failed");
            }
            return output;
        } finally {
            process.destroy();
        }
    }
}
