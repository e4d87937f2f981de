package dev.skald.encoders;

import dev.skald.spi.AudioEncoder;
import dev.skald.spi.AudioEncoderProvider;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.util.List;

/**
 * FLAC (RFC 9639), 16-bit mono, lossless. A file's header gets its length and checksum when the
 * encoder is closed; a pipe's says that they are unknown.
 */
public final class FlacEncoderProvider implements AudioEncoderProvider {
    @Override
    public List<String> formats() {
        return List.of("flac");
    }

    @Override
    public String mediaType() {
        return "audio/flac";
    }

    @Override
    public AudioEncoder open(SeekableByteChannel file, int sampleRate) throws IOException {
        return new FlacEncoder(Channels.newOutputStream(file), file, sampleRate);
    }

    @Override
    public AudioEncoder open(OutputStream pipe, int sampleRate) throws IOException {
        return new FlacEncoder(pipe, null, sampleRate);
    }
}
