package dev.skald.audio.codec;

import dev.skald.spi.AudioEncoder;
import dev.skald.spi.AudioEncoderProvider;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.util.List;

/** Headerless 16-bit signed little-endian mono PCM. */
public final class RawEncoderProvider implements AudioEncoderProvider {
    @Override
    public List<String> formats() {
        return List.of("raw", "pcm");
    }

    @Override
    public String mediaType() {
        return "audio/pcm";
    }

    @Override
    public AudioEncoder open(SeekableByteChannel file, int sampleRate) {
        return open(Channels.newOutputStream(file), sampleRate);
    }

    @Override
    public AudioEncoder open(OutputStream pipe, int sampleRate) {
        Pcm16 pcm = new Pcm16((bytes, length) -> pipe.write(bytes, 0, length));
        return new AudioEncoder() {
            @Override
            public void write(float[] samples, int offset, int length) throws IOException {
                pcm.write(samples, offset, length);
            }

            @Override
            public void close() throws IOException {
                pipe.flush();
            }
        };
    }
}
