package dev.skald;

import dev.skald.spi.AudioEncoder;
import dev.skald.spi.AudioEncoderProvider;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.List;

/** Writes a byte a sample; as {@code broken} it meets a full disk. */
public class TestEncoderProvider implements AudioEncoderProvider {
    @Override
    public List<String> formats() {
        return List.of("test");
    }

    @Override
    public String mediaType() {
        return "audio/test";
    }

    @Override
    public AudioEncoder open(SeekableByteChannel file, int sampleRate) {
        return encoder(bytes -> file.write(ByteBuffer.wrap(bytes)));
    }

    @Override
    public AudioEncoder open(OutputStream pipe, int sampleRate) {
        return encoder(pipe::write);
    }

    interface Sink {
        void write(byte[] bytes) throws IOException;
    }

    static AudioEncoder encoder(Sink sink) {
        return new AudioEncoder() {
            @Override
            public void write(float[] samples, int offset, int length) throws IOException {
                sink.write(new byte[length]);
            }

            @Override
            public void close() {}
        };
    }

    /** A full disk. */
    public static final class Broken extends TestEncoderProvider {
        @Override
        public List<String> formats() {
            return List.of("broken");
        }

        @Override
        public AudioEncoder open(SeekableByteChannel file, int sampleRate) {
            return encoder(
                    bytes -> {
                        throw new IOException("No space left on device");
                    });
        }
    }
}
