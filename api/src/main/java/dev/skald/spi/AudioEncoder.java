package dev.skald.spi;

import java.io.IOException;

/** Writes one stream of mono PCM in some format. Used by one thread. */
public interface AudioEncoder extends AutoCloseable {
    /** Appends samples in [-1, 1]; what lies outside is clipped. */
    void write(float[] samples, int offset, int length) throws IOException;

    /** Writes what the format needs at its end. Does not close the stream below. */
    @Override
    void close() throws IOException;
}
