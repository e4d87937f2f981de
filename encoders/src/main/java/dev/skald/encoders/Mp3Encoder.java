package dev.skald.encoders;

import de.sciss.jump3r.lowlevel.LameEncoder;
import dev.skald.audio.codec.Pcm16;
import dev.skald.audio.resample.StreamResampler;
import dev.skald.spi.AudioEncoder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import javax.sound.sampled.AudioFormat;
import org.jspecify.annotations.Nullable;

/**
 * One MP3 stream. LAME's first frame is empty: in a file it becomes the one that tells delay and
 * length; a pipe goes without, because players take it for sound where it does not tell a length.
 */
final class Mp3Encoder implements AudioEncoder {
    private static final int[] RATES = {
        8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000
    };

    /** Speech is transparent at this; the low rates have no more than 64. */
    private static final int KILOBITS = 96;

    private final OutputStream out;
    private final @Nullable SeekableByteChannel file;
    private final long start;
    private final StreamResampler resampler;
    private final LameEncoder lame;
    private final Pcm16 pcm = new Pcm16(this::encode);
    private final byte[] coded;
    private final Mp3Frames frames = new Mp3Frames();
    private byte[] info = new byte[0];
    private int infoLength;
    private long received;
    private boolean closed;

    /**
     * @param file the channel behind {@code out}, if its beginning can be written again
     */
    Mp3Encoder(OutputStream out, @Nullable SeekableByteChannel file, int sampleRate)
            throws IOException {
        this.out = out;
        this.file = file;
        start = file == null ? 0 : file.position();
        int rate = rate(sampleRate);
        resampler = new StreamResampler(sampleRate, rate);
        lame =
                new LameEncoder(
                        new AudioFormat(rate, 16, 1, true, false),
                        KILOBITS,
                        LameEncoder.CHANNEL_MODE_MONO,
                        LameEncoder.QUALITY_MIDDLE,
                        false);
        coded = new byte[lame.getMP3BufferSize()];
    }

    private static int rate(int sampleRate) {
        for (int rate : RATES) {
            if (rate >= sampleRate) {
                return rate;
            }
        }
        return RATES[RATES.length - 1];
    }

    @Override
    public void write(float[] samples, int offset, int length) throws IOException {
        encode(resampler.push(samples, offset, length));
        out.flush();
    }

    private void encode(float[] samples) throws IOException {
        received += samples.length;
        pcm.write(samples, 0, samples.length);
    }

    private void encode(byte[] bytes, int length) throws IOException {
        put(lame.encodeBuffer(bytes, 0, length, coded));
    }

    /** Passes coded bytes on, but for the first frame, which is kept until it is whole. */
    private void put(int length) throws IOException {
        int at = 0;
        if (length > 0 && info.length == 0) {
            info = new byte[Mp3Frames.bytes(ByteBuffer.wrap(coded).getInt(0))];
        }
        if (infoLength < info.length) {
            at = Math.min(length, info.length - infoLength);
            System.arraycopy(coded, 0, info, infoLength, at);
            infoLength += at;
            if (infoLength == info.length && file != null) {
                out.write(info); // its room, until the end is known
            }
        }
        if (at < length) {
            frames.count(coded, at, length - at);
            out.write(coded, at, length - at);
        }
    }

    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try {
            encode(resampler.finish());
            put(lame.encodeFinish(coded));
            out.flush();
            if (file != null && infoLength == info.length && info.length > 0) {
                long end = file.position();
                file.position(start);
                byte[] whole = Mp3Frames.info(info, frames.frames(), frames.bytes(), received);
                for (ByteBuffer left = ByteBuffer.wrap(whole); left.hasRemaining(); ) {
                    file.write(left);
                }
                file.position(end);
            }
        } finally {
            lame.close();
        }
    }
}
