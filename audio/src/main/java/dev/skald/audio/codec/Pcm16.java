package dev.skald.audio.codec;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Packs samples as 16-bit signed little-endian PCM, the way Piper does, through one buffer. */
public final class Pcm16 {
    /** Where packed bytes go. */
    @FunctionalInterface
    public interface Sink {
        /** Takes {@code bytes[0..length)}; the array is reused afterwards. */
        void write(byte[] bytes, int length) throws IOException;
    }

    private static final int BLOCK = 8192; // samples

    private final Sink sink;
    private final ByteBuffer block = ByteBuffer.allocate(2 * BLOCK).order(ByteOrder.LITTLE_ENDIAN);

    public Pcm16(Sink sink) {
        this.sink = sink;
    }

    public void write(float[] samples, int offset, int length) throws IOException {
        for (int at = offset, end = offset + length; at < end; ) {
            int n = Math.min(BLOCK, end - at);
            block.clear();
            for (int i = 0; i < n; i++) {
                block.putShort(quantise(samples[at + i]));
            }
            sink.write(block.array(), 2 * n);
            at += n;
        }
    }

    /** Clipped to [-1, 1], scaled by 32767 and cut towards zero; NaN becomes silence. */
    public static short quantise(float sample) {
        return (short) (Math.clamp(sample, -1f, 1f) * 32767f);
    }
}
