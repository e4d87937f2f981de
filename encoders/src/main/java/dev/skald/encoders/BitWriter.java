package dev.skald.encoders;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/** Bits, the highest of each number first, with the checksums of FLAC over the whole bytes. */
final class BitWriter {
    private static final int CRC8 = 0x07;
    private static final int CRC16 = 0x8005;

    private byte[] bytes = new byte[4_096];
    private int length;
    private long pending;
    private int count; // of pending bits, below 8 between calls

    void clear() {
        length = 0;
        count = 0;
    }

    /** The lowest {@code n} bits of {@code value}; n up to 32. */
    void put(int value, int n) {
        pending = pending << n | value & (1L << n) - 1;
        count += n;
        while (count >= 8) {
            count -= 8;
            append((byte) (pending >>> count));
        }
    }

    /** That many zeros and a one. */
    void unary(int zeros) {
        for (int left = zeros; left > 0; left -= 32) {
            put(0, Math.min(left, 32));
        }
        put(1, 1);
    }

    /** Fills up the last byte with zeros. */
    void align() {
        if (count > 0) {
            put(0, 8 - count);
        }
    }

    int crc8() {
        int crc = 0;
        for (int i = 0; i < length; i++) {
            crc ^= bytes[i] & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 0x80) != 0 ? crc << 1 ^ CRC8 : crc << 1;
            }
        }
        return crc & 0xff;
    }

    int crc16() {
        int crc = 0;
        for (int i = 0; i < length; i++) {
            crc ^= (bytes[i] & 0xff) << 8;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 0x8000) != 0 ? crc << 1 ^ CRC16 : crc << 1;
            }
        }
        return crc & 0xffff;
    }

    void writeTo(OutputStream out) throws IOException {
        out.write(bytes, 0, length);
    }

    private void append(byte one) {
        if (length == bytes.length) {
            bytes = Arrays.copyOf(bytes, 2 * length);
        }
        bytes[length++] = one;
    }
}
