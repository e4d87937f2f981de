package dev.skald.encoders;

import dev.skald.audio.codec.Pcm16;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One run of {@code ffmpeg}: mono samples go in, what it writes to its output is taken out, by one
 * thread. Started directly, not through a shell; it ends with this at the latest.
 */
final class Ffmpeg implements AutoCloseable {
    /** Looked for once. */
    static final Optional<Path> PROGRAM = find();

    /** A second, of AAC: speech is transparent at this. */
    static final String AAC_BITS = "96k";

    private static final int MOST_MESSAGE_BYTES = 512;
    private static final int SECONDS_TO_END = 30;

    /** Receives what is written, on a thread of its own. */
    @FunctionalInterface
    interface Output {
        void take(byte[] bytes, int length);
    }

    private final Process process;
    private final OutputStream in;
    private final Pcm16 pcm;
    private final Thread output;
    private final Thread errors;
    private final ByteArrayOutputStream message = new ByteArrayOutputStream();

    /**
     * @param arguments what to make of the samples, and where it goes
     * @param to is given the bytes on standard output
     */
    Ffmpeg(Path program, int sampleRate, List<String> arguments, Output to) throws IOException {
        // Raw samples need no probing; with "-fflags nobuffer" the first of them would be lost.
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of("-hide_banner", "-nostdin", "-v", "error"));
        command.addAll(List.of("-probesize", "32", "-analyzeduration", "0"));
        command.addAll(List.of("-f", "s16le", "-ar", Integer.toString(sampleRate), "-ac", "1"));
        command.addAll(List.of("-i", "pipe:0"));
        command.addAll(arguments);
        process = new ProcessBuilder(command).start();
        in = process.getOutputStream();
        pcm = new Pcm16((bytes, length) -> in.write(bytes, 0, length));
        output = pump(process.getInputStream(), to);
        errors = pump(process.getErrorStream(), this::keep);
    }

    private static Optional<Path> find() {
        String name = File.separatorChar == '\\' ? "ffmpeg.exe" : "ffmpeg";
        String path = System.getenv("PATH");
        for (String folder : (path == null ? "" : path).split(File.pathSeparator, -1)) {
            File program = new File(folder, name);
            if (new File(folder).isAbsolute() && program.isFile() && program.canExecute()) {
                return Optional.of(program.toPath());
            }
        }
        return Optional.empty();
    }

    private static Thread pump(InputStream from, Output to) {
        return Thread.ofPlatform()
                .daemon()
                .name("skald-ffmpeg")
                .start(
                        () -> {
                            byte[] bytes = new byte[8_192];
                            try {
                                for (int n = from.read(bytes); n >= 0; n = from.read(bytes)) {
                                    to.take(bytes, n);
                                }
                            } catch (IOException e) {
                                // It was killed, and whoever did that knows.
                            }
                        });
    }

    private void keep(byte[] bytes, int length) {
        int room = MOST_MESSAGE_BYTES - message.size();
        message.write(bytes, 0, Math.min(room, length));
    }

    void write(float[] samples, int offset, int length) throws IOException {
        try {
            pcm.write(samples, offset, length);
            in.flush();
        } catch (IOException e) {
            process.destroyForcibly();
            throw failed(e);
        }
    }

    /** No more comes; returns when all it makes of the samples was taken. */
    void finish() throws IOException {
        try {
            in.close();
        } catch (IOException e) {
            throw failed(e);
        }
        await();
        if (process.exitValue() != 0) {
            throw failed(null);
        }
    }

    private void await() throws IOException {
        try {
            if (!process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
                throw new IOException("ffmpeg does not end");
            }
            output.join();
            errors.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    /** In one line: what it said of its end, or what went wrong with its input. */
    private IOException failed(@Nullable IOException cause) throws IOException {
        await();
        String said =
                message.toString(StandardCharsets.UTF_8).strip().lines().findFirst().orElse("");
        String why = said.isEmpty() ? "it ended with exit code " + process.exitValue() : said;
        return new IOException("ffmpeg cannot code this: " + why, cause);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
