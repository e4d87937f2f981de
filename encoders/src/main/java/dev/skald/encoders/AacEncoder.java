package dev.skald.encoders;

import dev.skald.spi.AudioEncoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;

/**
 * One ADTS stream, made by ffmpeg. What is coded leaves with the samples that it was made of, but
 * for the frames that the coder looks ahead.
 */
final class AacEncoder implements AudioEncoder {
    private static final int FRAME = 1_024; // samples
    private static final int HEADER_BYTES = 7;
    private static final long PATIENCE_MILLIS = 1_000;

    private final OutputStream out;
    private final Ffmpeg ffmpeg;
    private final ByteArrayOutputStream coded = new ByteArrayOutputStream();
    private final byte[] header = new byte[HEADER_BYTES];
    private int at; // within the frame that comes
    private int frameBytes;
    private long frames; // that came whole
    private long received; // samples
    private int ahead = 2; // frames that the coder keeps
    private boolean whole = true; // as far as it went
    private boolean closed;

    AacEncoder(Path program, OutputStream out, int sampleRate) throws IOException {
        this.out = out;
        ffmpeg =
                new Ffmpeg(
                        program,
                        sampleRate,
                        List.of(
                                "-c:a",
                                "aac",
                                "-b:a",
                                Ffmpeg.AAC_BITS,
                                "-flush_packets",
                                "1",
                                "-f",
                                "adts",
                                "pipe:1"),
                        this::take);
    }

    /** On ffmpeg's thread. */
    private synchronized void take(byte[] bytes, int length) {
        coded.write(bytes, 0, length);
        for (int i = 0; i < length; i++) {
            if (at < HEADER_BYTES) {
                header[at] = bytes[i];
            }
            at++;
            if (at == HEADER_BYTES) {
                frameBytes =
                        (header[3] & 3) << 11 | (header[4] & 0xff) << 3 | (header[5] & 0xff) >> 5;
            }
            if (at >= HEADER_BYTES && at >= frameBytes) {
                at = 0;
                frames++;
                notifyAll();
            }
        }
    }

    @Override
    public void write(float[] samples, int offset, int length) throws IOException {
        whole = false;
        ffmpeg.write(samples, offset, length);
        received += length;
        awaitDue();
        pass();
        whole = true;
    }

    private synchronized void awaitDue() throws InterruptedIOException {
        long end = System.nanoTime() / 1_000_000 + PATIENCE_MILLIS;
        while (frames < received / FRAME - ahead) {
            long left = end - System.nanoTime() / 1_000_000;
            if (left <= 0) {
                ahead++; // another version of ffmpeg may keep more
                break;
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted");
            }
        }
    }

    private synchronized byte[] taken() {
        byte[] bytes = coded.toByteArray();
        coded.reset();
        return bytes;
    }

    private void pass() throws IOException {
        out.write(taken());
        out.flush();
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
                pass();
            }
        }
    }
}
