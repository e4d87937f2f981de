package dev.skald.audio.codec;

import dev.skald.InvalidRequestException;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * RIFF/WAVE from outside. Sizes in the headers are only believed as far as there are bytes; a data
 * chunk that claims more, or an unknown length as pipes write it, ends where the file does.
 */
final class WavReader {
    private static final int PCM = 1;
    private static final int FLOAT = 3;
    private static final int EXTENSIBLE = 0xFFFE;

    /** What follows the format's number in the sub-format's GUID. */
    private static final byte[] GUID_TAIL = {
        0, 0, 0, 0, 0x10, 0, (byte) 0x80, 0, 0, (byte) 0xAA, 0, 0x38, (byte) 0x9B, 0x71
    };

    private static final long UNKNOWN = 0xFFFF_FFFFL;
    private static final int LONGEST_CHUNKS = 1 << 20;

    private final String name;
    private final DataInputStream in;

    private final long bytes;

    private WavReader(String name, InputStream in, long bytes) {
        this.name = name;
        this.bytes = bytes;
        this.in = new DataInputStream(in);
    }

    /**
     * @param name the file's, for messages
     * @param in from the first byte on; buffered
     * @param bytes of the whole file
     */
    static AudioClip read(String name, InputStream in, long bytes) throws IOException {
        return new WavReader(name, in, bytes).read();
    }

    private record Format(int tag, int channels, int rate, int bits) {
        int frameBytes() {
            return channels * (bits / 8);
        }
    }

    private AudioClip read() throws IOException {
        try {
            ByteBuffer head = bytes(12);
            int form = head.getInt(8);
            if (form != id("WAVE")) {
                throw new InvalidRequestException(name + " is a RIFF file, but not WAVE");
            }
            Format format = null;
            while (true) {
                ByteBuffer chunk = bytes(8);
                int kind = chunk.getInt(0);
                long size = Integer.toUnsignedLong(chunk.getInt(4));
                if (kind == id("fmt ")) {
                    format = format(size);
                } else if (kind == id("data")) {
                    return data(format, size);
                } else {
                    in.skipNBytes(size + (size & 1));
                }
            }
        } catch (EOFException e) {
            throw new InvalidRequestException(
                    name + " is cut off before its audio begins: copy it again", e);
        }
    }

    private Format format(long size) throws IOException {
        if (size < 16 || size > 1 << 16) {
            throw new InvalidRequestException(name + " has a format chunk of " + size + " bytes");
        }
        ByteBuffer b = bytes((int) size);
        int tag = Short.toUnsignedInt(b.getShort(0));
        int channels = Short.toUnsignedInt(b.getShort(2));
        int rate = b.getInt(4);
        int bits = Short.toUnsignedInt(b.getShort(14));
        if (tag == EXTENSIBLE && size >= 40) {
            tag = Short.toUnsignedInt(b.getShort(24));
            for (int i = 0; i < GUID_TAIL.length; i++) {
                if (b.get(26 + i) != GUID_TAIL[i]) {
                    tag = EXTENSIBLE;
                }
            }
        }
        boolean known =
                (tag == PCM && (bits == 8 || bits == 16 || bits == 24 || bits == 32))
                        || (tag == FLOAT && (bits == 32 || bits == 64));
        if (!known) {
            throw new InvalidRequestException(
                    "%s holds %d-bit audio of WAVE format 0x%04X: convert it to 16-bit PCM"
                            .formatted(name, bits, tag));
        }
        if ((size & 1) == 1) {
            in.skipNBytes(1);
        }
        return new Format(tag, channels, rate, bits);
    }

    private AudioClip data(@Nullable Format format, long size) throws IOException {
        if (format == null) {
            throw new InvalidRequestException(name + " does not say its format before its audio");
        }
        MonoBuffer mono = new MonoBuffer(name, format.rate, format.channels);
        int frame = format.frameBytes();
        long frames = size == UNKNOWN || size == 0 ? Long.MAX_VALUE : size / frame;
        // Chunks before the audio are short; what is a little too long is told below.
        mono.expect(Math.min(frames, bytes / frame - LONGEST_CHUNKS));
        byte[] block = new byte[frame * Math.max(1, (1 << 16) / frame)];
        ByteBuffer view = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
        while (frames > 0) {
            int want = (int) Math.min(block.length / frame, frames) * frame;
            int got = in.readNBytes(block, 0, want) / frame;
            for (int i = 0; i < got; i++) {
                double sum = 0;
                for (int c = 0; c < format.channels; c++) {
                    sum += sample(view, i * frame + c * (format.bits / 8), format);
                }
                mono.add(sum);
            }
            frames -= got;
            if (got * frame < want) {
                break;
            }
        }
        return mono.clip();
    }

    private static double sample(ByteBuffer b, int at, Format format) {
        if (format.tag == FLOAT) {
            return format.bits == 32 ? b.getFloat(at) : b.getDouble(at);
        }
        return switch (format.bits) {
            case 8 -> ((b.get(at) & 0xff) - 128) / 128.0;
            case 16 -> b.getShort(at) / 32768.0;
            case 24 -> ((b.getShort(at) & 0xffff) | (b.get(at + 2) << 16)) / 8388608.0;
            default -> b.getInt(at) / 2147483648.0;
        };
    }

    private ByteBuffer bytes(int n) throws IOException {
        byte[] bytes = new byte[n];
        in.readFully(bytes);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int id(String text) {
        return text.charAt(0) | text.charAt(1) << 8 | text.charAt(2) << 16 | text.charAt(3) << 24;
    }
}
