package dev.skald.audio.codec;

import dev.skald.spi.AudioEncoder;
import dev.skald.spi.AudioEncoderProvider;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.util.List;

/**
 * RIFF/WAVE, 16-bit mono PCM.
 *
 * <p>A file's header gets its sizes when the encoder is closed, and a file that would pass RIFF's 4
 * GiB is refused. A pipe's header says {@code 0xFFFFFFFF} for both sizes, the customary "until the
 * stream ends", and knows no limit.
 */
public final class WavEncoderProvider implements AudioEncoderProvider {
    static final int HEADER_BYTES = 44;

    /** What a 32-bit RIFF size can tell, less the header it counts; whole samples only. */
    static final long MAX_DATA_BYTES = 0xFFFF_FFFEL - (HEADER_BYTES - 8);

    private static final int UNKNOWN = -1; // 0xFFFFFFFF

    @Override
    public List<String> formats() {
        return List.of("wav", "wave");
    }

    @Override
    public String mediaType() {
        return "audio/wav";
    }

    @Override
    public AudioEncoder open(SeekableByteChannel file, int sampleRate) throws IOException {
        return new FileEncoder(file, sampleRate, MAX_DATA_BYTES);
    }

    @Override
    public AudioEncoder open(OutputStream pipe, int sampleRate) throws IOException {
        pipe.write(header(sampleRate, UNKNOWN, UNKNOWN));
        Pcm16 pcm = new Pcm16((bytes, length) -> pipe.write(bytes, 0, length));
        return new AudioEncoder() {
            @Override
            public void write(float[] samples, int offset, int length) throws IOException {
                pcm.write(samples, offset, length);
                pipe.flush(); // whoever listens should hear each chunk as it is made
            }

            @Override
            public void close() throws IOException {
                pipe.flush();
            }
        };
    }

    /** The canonical 44 bytes: RIFF, a 16-byte fmt chunk, the head of the data chunk. */
    private static byte[] header(int sampleRate, int riffSize, int dataSize) {
        return ByteBuffer.allocate(HEADER_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(new byte[] {'R', 'I', 'F', 'F'})
                .putInt(riffSize)
                .put(new byte[] {'W', 'A', 'V', 'E', 'f', 'm', 't', ' '})
                .putInt(16)
                .putShort((short) 1) // PCM
                .putShort((short) 1) // channels
                .putInt(sampleRate)
                .putInt(2 * sampleRate) // bytes a second
                .putShort((short) 2) // bytes a frame
                .putShort((short) 16) // bits a sample
                .put(new byte[] {'d', 'a', 't', 'a'})
                .putInt(dataSize)
                .array();
    }

    static final class FileEncoder implements AudioEncoder {
        private final SeekableByteChannel file;
        private final int sampleRate;
        private final long limit;
        private final long start;
        private final Pcm16 pcm = new Pcm16(this::append);
        private long dataBytes;
        private boolean closed;

        FileEncoder(SeekableByteChannel file, int sampleRate, long limit) throws IOException {
            this.file = file;
            this.sampleRate = sampleRate;
            this.limit = limit;
            this.start = file.position();
            writeFully(ByteBuffer.wrap(header(sampleRate, HEADER_BYTES - 8, 0)));
        }

        @Override
        public void write(float[] samples, int offset, int length) throws IOException {
            if (dataBytes + 2L * length > limit) {
                throw new IOException(
                        "a WAV file ends at 4 GiB, %.1f hours at %d Hz: write .raw, or split the text"
                                .formatted(MAX_DATA_BYTES / 7200.0 / sampleRate, sampleRate));
            }
            pcm.write(samples, offset, length);
        }

        private void append(byte[] bytes, int length) throws IOException {
            writeFully(ByteBuffer.wrap(bytes, 0, length));
            dataBytes += length;
        }

        @Override
        public void close() throws IOException {
            if (closed) {
                return;
            }
            closed = true;
            long end = file.position();
            file.position(start);
            writeFully(
                    ByteBuffer.wrap(
                            header(
                                    sampleRate,
                                    (int) (HEADER_BYTES - 8 + dataBytes),
                                    (int) dataBytes)));
            file.position(end);
        }

        private void writeFully(ByteBuffer bytes) throws IOException {
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
        }
    }
}
