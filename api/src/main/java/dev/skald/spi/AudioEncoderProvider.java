package dev.skald.spi;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.SeekableByteChannel;
import java.util.List;

/** A format speech can be written in. Found by {@link java.util.ServiceLoader}. Thread-safe. */
public interface AudioEncoderProvider {
    /** The names it goes by, which are also its file extensions: {@code wav}. */
    List<String> formats();

    /** The media type: {@code audio/wav}. */
    String mediaType();

    /** Encodes into a file, whose header may be completed at the end. */
    AudioEncoder open(SeekableByteChannel file, int sampleRate) throws IOException;

    /** Encodes into a pipe, which is never returned to. */
    AudioEncoder open(OutputStream pipe, int sampleRate) throws IOException;
}
