package dev.skald.encoders;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Ogg pages (RFC 3533) of one logical stream; packets gather until a page is asked for. */
final class OggWriter {
    static final int FIRST = 2;
    static final int LAST = 4;

    private static final int SERIAL = 0x534B_4C44;
    private static final int HEADER_BYTES = 27;
    private static final int SEGMENT = 255;
    private static final int MOST_SEGMENTS = 255;
    private static final int CHECKSUM_AT = 22;
    private static final int[] CRC = table();

    private final OutputStream out;
    private final ByteArrayOutputStream lacing = new ByteArrayOutputStream();
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private long position;
    private int sequence;

    OggWriter(OutputStream out) {
        this.out = out;
    }

    /** Adds a packet; {@code position} is the granule position at its end. */
    void packet(byte[] bytes, int length, long position) {
        int segments = length / SEGMENT + 1;
        for (int i = 1; i < segments; i++) {
            lacing.write(SEGMENT);
        }
        lacing.write(length % SEGMENT);
        body.write(bytes, 0, length);
        this.position = position;
    }

    /** Whether a packet of that many bytes might not fit on this page any more. */
    boolean full(int mostPacketBytes) {
        return lacing.size() + mostPacketBytes / SEGMENT + 1 > MOST_SEGMENTS;
    }

    /**
     * Writes the packets added since the last page; does nothing if there are none.
     *
     * @param flags {@link #FIRST}, {@link #LAST}, or 0
     */
    void page(int flags) throws IOException {
        if (lacing.size() == 0) {
            return;
        }
        ByteBuffer page =
                ByteBuffer.allocate(HEADER_BYTES + lacing.size() + body.size())
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .put(new byte[] {'O', 'g', 'g', 'S', 0})
                        .put((byte) flags)
                        .putLong(position)
                        .putInt(SERIAL)
                        .putInt(sequence++)
                        .putInt(0) // checksum
                        .put((byte) lacing.size())
                        .put(lacing.toByteArray())
                        .put(body.toByteArray());
        lacing.reset();
        body.reset();
        page.putInt(CHECKSUM_AT, checksum(page.array()));
        out.write(page.array());
        out.flush();
    }

    /** CRC-32 with polynomial 0x04c11db7, neither reflected nor inverted. */
    private static int checksum(byte[] bytes) {
        int crc = 0;
        for (byte b : bytes) {
            crc = crc << 8 ^ CRC[(crc >>> 24 ^ b) & 0xff];
        }
        return crc;
    }

    private static int[] table() {
        int[] table = new int[256];
        for (int i = 0; i < table.length; i++) {
            int r = i << 24;
            for (int bit = 0; bit < 8; bit++) {
                r = r << 1 ^ (r < 0 ? 0x04c1_1db7 : 0);
            }
            table[i] = r;
        }
        return table;
    }
}
