package dev.skald.encoders;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What the headers of MP3 frames tell, and the frame that tells it of the whole stream. */
final class Mp3Frames {
    /** Samples of silence that LAME puts before the audio. */
    private static final int DELAY = 576;

    private static final int[] MPEG1_KILOBITS = {
        0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320
    };
    private static final int[] MPEG2_KILOBITS = {
        0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160
    };
    private static final int[] MPEG1_RATES = {44_100, 48_000, 32_000};

    private static final int HAS_FRAMES = 1;
    private static final int HAS_BYTES = 2;

    private int header;
    private int headerBytes;
    private int left;
    private int frames;
    private long bytes;

    /** Follows coded bytes, which may begin and end anywhere in a frame. */
    void count(byte[] coded, int offset, int length) {
        bytes += length;
        for (int at = offset, end = offset + length; at < end; ) {
            if (left > 0) {
                int n = Math.min(left, end - at);
                at += n;
                left -= n;
            } else {
                header = header << 8 | coded[at++] & 0xff;
                if (++headerBytes == 4) {
                    headerBytes = 0;
                    frames++;
                    left = bytes(header) - 4;
                }
            }
        }
    }

    int frames() {
        return frames;
    }

    long bytes() {
        return bytes;
    }

    private static boolean mpeg1(int header) {
        return (header >> 19 & 3) == 3;
    }

    /** How long a frame of layer III with that header is. */
    static int bytes(int header) {
        int version = header >> 19 & 3; // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
        int shift = version == 3 ? 0 : version == 2 ? 1 : 2;
        int rate = MPEG1_RATES[header >> 10 & 3] >> shift;
        int index = header >> 12 & 15;
        int padding = header >> 9 & 1;
        return version == 3
                ? 144_000 * MPEG1_KILOBITS[index] / rate + padding
                : 72_000 * MPEG2_KILOBITS[index] / rate + padding;
    }

    /**
     * The "Info" frame of a mono stream of constant bit rate, with LAME's count of the samples at
     * both ends that are not audio.
     *
     * @param empty an empty frame, which is filled and returned
     * @param frames the frames after this one
     * @param bytes their length
     * @param samples how many samples of audio there are
     */
    static byte[] info(byte[] empty, int frames, long bytes, long samples) {
        ByteBuffer frame = ByteBuffer.wrap(empty);
        boolean mpeg1 = mpeg1(frame.getInt(0));
        long all = (long) frames * (mpeg1 ? 1_152 : 576);
        int padding = (int) Math.clamp(all - DELAY - samples, 0, 4_095);
        frame.position(4 + (mpeg1 ? 17 : 9)); // after the side information
        frame.put("Info".getBytes(StandardCharsets.US_ASCII))
                .putInt(HAS_FRAMES | HAS_BYTES)
                .putInt(frames)
                .putInt((int) (bytes + empty.length));
        frame.put("LAME3.98r".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 1) // revision 0, constant bit rate
                .put((byte) 0) // low pass: not told
                .putLong(0) // peak and gains: not told
                .put((byte) 0) // ATH
                .put((byte) 0) // bit rate: in each frame
                .put((byte) (DELAY >> 4))
                .put((byte) ((DELAY & 15) << 4 | padding >> 8))
                .put((byte) padding);
        return empty;
    }
}
