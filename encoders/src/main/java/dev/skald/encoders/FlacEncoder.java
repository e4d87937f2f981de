package dev.skald.encoders;

import dev.skald.audio.codec.Pcm16;
import dev.skald.spi.AudioEncoder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/**
 * One FLAC stream of blocks of fixed size, each predicted by the best of the fixed polynomials (RFC
 * 9639, section 9.2.5). The one encoder for Java that was found, java-flac-encoder 0.3.7, fails
 * where a signal ends with a whole block.
 */
final class FlacEncoder implements AudioEncoder {
    /** At most an eighth of a second: a listener waits for a whole block. */
    private static final int BLOCK = 1_024;

    private final OutputStream out;
    private final @Nullable SeekableByteChannel file;
    private final long start;
    private final int sampleRate;
    private final MessageDigest md5 = md5();
    private final int[] block = new int[BLOCK];
    private final byte[] bytes = new byte[2 * BLOCK];
    private final FlacFrame frame;
    private int filled;
    private long samples;
    private boolean closed;

    /**
     * @param file the channel behind {@code out}, if its beginning can be written again
     */
    FlacEncoder(OutputStream out, @Nullable SeekableByteChannel file, int sampleRate)
            throws IOException {
        this.out = out;
        this.file = file;
        this.sampleRate = sampleRate;
        start = file == null ? 0 : file.position();
        frame = new FlacFrame(sampleRate);
        out.write(header(0, new byte[16]));
        out.flush();
    }

    private static MessageDigest md5() {
        try {
            return MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    /** The mark of a FLAC stream and its one block of metadata, STREAMINFO. */
    private byte[] header(long total, byte[] checksum) {
        long format = (long) sampleRate << 44 | 15L << 36 | total & 0xF_FFFF_FFFFL;
        return ByteBuffer.allocate(42)
                .put("fLaC".getBytes(StandardCharsets.US_ASCII))
                .putInt(0x8000_0022) // the last block, STREAMINFO, 34 bytes
                .putShort((short) BLOCK)
                .putShort((short) BLOCK)
                .put(new byte[6]) // sizes of frames: not told
                .putLong(format)
                .put(checksum)
                .array();
    }

    @Override
    public void write(float[] values, int offset, int length) throws IOException {
        for (int i = 0; i < length; i++) {
            block[filled++] = Pcm16.quantise(values[offset + i]);
            if (filled == BLOCK) {
                frame();
            }
        }
        out.flush();
    }

    private void frame() throws IOException {
        for (int i = 0; i < filled; i++) {
            bytes[2 * i] = (byte) block[i];
            bytes[2 * i + 1] = (byte) (block[i] >> 8);
        }
        md5.update(bytes, 0, 2 * filled);
        frame.write(block, filled, samples / BLOCK, out);
        samples += filled;
        filled = 0;
    }

    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        if (filled > 0) {
            frame();
        }
        out.flush();
        if (file != null) {
            long end = file.position();
            file.position(start);
            ByteBuffer header = ByteBuffer.wrap(header(samples, md5.digest()));
            while (header.hasRemaining()) {
                file.write(header);
            }
            file.position(end);
        }
    }
}
