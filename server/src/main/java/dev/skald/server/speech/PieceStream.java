package dev.skald.server.speech;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Hands on what was written between two flushes as one piece. */
public final class PieceStream extends OutputStream {
    /** Takes a piece, which is not empty. */
    @FunctionalInterface
    public interface Sink {
        void take(byte[] piece) throws IOException;
    }

    private final Sink sink;
    private final ByteArrayOutputStream held = new ByteArrayOutputStream();

    public PieceStream(Sink sink) {
        this.sink = sink;
    }

    @Override
    public void write(int b) {
        held.write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        held.write(bytes, offset, length);
    }

    @Override
    public void flush() throws IOException {
        if (held.size() > 0) {
            byte[] piece = held.toByteArray();
            held.reset();
            sink.take(piece);
        }
    }
}
