package dev.skald.encoders;

import dev.skald.spi.AudioEncoder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** One MPEG-4 file, made by ffmpeg beside its target: its head is written when its end is known. */
final class M4aEncoder implements AudioEncoder {
    private final OutputStream out;
    private final Path file;
    private final Ffmpeg ffmpeg;
    private boolean whole = true; // as far as it went
    private boolean closed;

    M4aEncoder(Path program, OutputStream out, int sampleRate) throws IOException {
        this.out = out;
        file = Files.createTempFile("skald", ".m4a");
        try {
            ffmpeg =
                    new Ffmpeg(
                            program,
                            sampleRate,
                            List.of(
                                    "-c:a",
                                    "aac",
                                    "-b:a",
                                    Ffmpeg.AAC_BITS,
                                    "-movflags",
                                    "+faststart",
                                    "-f",
                                    "ipod",
                                    "-y",
                                    "file:" + file),
                            (bytes, length) -> {});
        } catch (IOException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    @Override
    public void write(float[] samples, int offset, int length) throws IOException {
        whole = false;
        ffmpeg.write(samples, offset, length);
        whole = true;
    }

    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try (ffmpeg) {
            if (whole) {
                ffmpeg.finish();
                Files.copy(file, out);
                out.flush();
            }
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
