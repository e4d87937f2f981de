package dev.skald.encoders;

import dev.skald.audio.codec.Pcm16;
import dev.skald.audio.resample.StreamResampler;
import dev.skald.spi.AudioEncoder;
import io.github.jaredmdobson.concentus.OpusApplication;
import io.github.jaredmdobson.concentus.OpusEncoder;
import io.github.jaredmdobson.concentus.OpusException;
import io.github.jaredmdobson.concentus.OpusSignal;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** One Ogg stream of Opus packets. */
final class OggOpusEncoder implements AudioEncoder {
    /** Opus counts time in samples of 48 kHz whatever rate is coded. */
    private static final int CLOCK = 48_000;

    private static final int[] RATES = {8_000, 12_000, 16_000, 24_000, 48_000};
    private static final int PACKETS_A_SECOND = 50;
    private static final int BITS_A_SECOND = 48_000;
    private static final int PACKETS_A_PAGE = 50;
    private static final int MOST_PACKET_BYTES = 1_275;

    private final int rate;
    private final OpusEncoder opus;
    private final StreamResampler resampler;
    private final OggWriter ogg;
    private final int preSkip; // of the clock
    private final short[] frame;
    private final byte[] packet = new byte[MOST_PACKET_BYTES];
    private int filled;
    private int onPage;
    private long received; // samples at `rate`, without the silence that ends the last packet
    private long coded; // samples at `rate` in whole packets
    private boolean closed;

    OggOpusEncoder(OutputStream pipe, int sampleRate) throws IOException {
        rate = rate(sampleRate);
        resampler = new StreamResampler(sampleRate, rate);
        frame = new short[rate / PACKETS_A_SECOND];
        try {
            opus = new OpusEncoder(rate, 1, OpusApplication.OPUS_APPLICATION_AUDIO);
        } catch (OpusException e) {
            throw new IOException("Opus refuses " + rate + " Hz: " + e.getMessage(), e);
        }
        opus.setBitrate(BITS_A_SECOND);
        opus.setComplexity(3);
        opus.setSignalType(OpusSignal.OPUS_SIGNAL_VOICE);
        preSkip = opus.getLookahead() * (CLOCK / rate);
        ogg = new OggWriter(pipe);
        byte[] head = head(sampleRate);
        ogg.packet(head, head.length, 0);
        ogg.page(OggWriter.FIRST);
        byte[] tags = tags();
        ogg.packet(tags, tags.length, 0);
        ogg.page(0);
    }

    private static int rate(int sampleRate) {
        for (int rate : RATES) {
            if (rate >= sampleRate) {
                return rate;
            }
        }
        return CLOCK;
    }

    private byte[] head(int sampleRate) {
        return ByteBuffer.allocate(19)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("OpusHead".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 1) // version
                .put((byte) 1) // channels
                .putShort((short) preSkip)
                .putInt(sampleRate)
                .putShort((short) 0) // gain
                .put((byte) 0) // mono or stereo
                .array();
    }

    private static byte[] tags() {
        byte[] vendor = "Skald".getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(16 + vendor.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("OpusTags".getBytes(StandardCharsets.US_ASCII))
                .putInt(vendor.length)
                .put(vendor)
                .putInt(0) // comments
                .array();
    }

    @Override
    public void write(float[] samples, int offset, int length) throws IOException {
        encode(resampler.push(samples, offset, length));
        page(); // whoever listens should hear each chunk as it is made
    }

    private void encode(float[] samples) throws IOException {
        received += samples.length;
        for (float sample : samples) {
            frame[filled++] = Pcm16.quantise(sample);
            if (filled == frame.length) {
                packet(false);
            }
        }
    }

    private void packet(boolean last) throws IOException {
        int bytes;
        try {
            bytes = opus.encode(frame, 0, frame.length, packet, 0, packet.length);
        } catch (OpusException e) {
            throw new IOException("Opus cannot code this: " + e.getMessage(), e);
        }
        filled = 0;
        coded += frame.length;
        // The last page's position says where the audio ends, within the last packet.
        long end = last ? preSkip + received * (CLOCK / rate) : coded * (CLOCK / rate);
        ogg.packet(packet, bytes, end);
        if (last) {
            ogg.page(OggWriter.LAST);
        } else if (++onPage == PACKETS_A_PAGE || ogg.full(MOST_PACKET_BYTES)) {
            page();
        }
    }

    private void page() throws IOException {
        ogg.page(0);
        onPage = 0;
    }

    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        encode(resampler.finish());
        // What the encoder looks ahead must pass through it, too.
        long needed = received + (long) preSkip * rate / CLOCK;
        while (true) {
            Arrays.fill(frame, filled, frame.length, (short) 0);
            boolean last = coded + frame.length >= needed;
            packet(last);
            if (last) {
                return;
            }
        }
    }
}
