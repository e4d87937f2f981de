package dev.skald.encoders;

import dev.skald.spi.AudioEncoder;
import dev.skald.spi.AudioEncoderProvider;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.util.List;

/**
 * Opus in Ogg (RFC 6716, RFC 7845), mono, packets of 20 ms, complexity 3. Rates that Opus does not
 * know are resampled to the next that it does; a decoder gives back exactly the time that went in.
 */
public final class OpusEncoderProvider implements AudioEncoderProvider {
    @Override
    public List<String> formats() {
        return List.of("opus", "ogg");
    }

    @Override
    public String mediaType() {
        return "audio/ogg";
    }

    @Override
    public AudioEncoder open(SeekableByteChannel file, int sampleRate) throws IOException {
        return open(Channels.newOutputStream(file), sampleRate);
    }

    @Override
    public AudioEncoder open(OutputStream pipe, int sampleRate) throws IOException {
        return new OggOpusEncoder(pipe, sampleRate);
    }
}
