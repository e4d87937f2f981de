package dev.skald.server.elevenlabs;

import dev.skald.audio.codec.Pcm16;
import dev.skald.spi.AudioEncoder;
import dev.skald.spi.AudioEncoderProvider;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.util.List;

/** The telephone's PCM, ITU-T G.711: a byte a sample, µ-law or A-law. */
final class G711 implements AudioEncoderProvider {
    private static final int BIAS = 33; // of µ-law, in 14-bit samples
    private static final int MOST_14 = 8_191;
    private static final int MOST_13 = 4_095;

    private final boolean a;

    private G711(boolean a) {
        this.a = a;
    }

    static G711 mu() {
        return new G711(false);
    }

    static G711 a() {
        return new G711(true);
    }

    @Override
    public List<String> formats() {
        return List.of(a ? "alaw" : "ulaw");
    }

    @Override
    public String mediaType() {
        return a ? "audio/x-alaw-basic" : "audio/basic";
    }

    @Override
    public AudioEncoder open(SeekableByteChannel file, int sampleRate) {
        return open(Channels.newOutputStream(file), sampleRate);
    }

    @Override
    public AudioEncoder open(OutputStream pipe, int sampleRate) {
        return new AudioEncoder() {
            @Override
            public void write(float[] samples, int offset, int length) throws IOException {
                byte[] coded = new byte[length];
                for (int i = 0; i < length; i++) {
                    short sample = Pcm16.quantise(samples[offset + i]);
                    coded[i] = a ? aLaw(sample) : muLaw(sample);
                }
                pipe.write(coded);
            }

            @Override
            public void close() throws IOException {
                pipe.flush();
            }
        };
    }

    /** Sign, exponent of the highest bit, four bits below it; all inverted. */
    static byte muLaw(short sample) {
        int magnitude = Math.min(Math.abs(sample >> 2), MOST_14 - BIAS) + BIAS;
        int exponent = 26 - Integer.numberOfLeadingZeros(magnitude); // 33 has 0, 4096 has 7
        int mantissa = (magnitude >> (exponent + 1)) & 15;
        return (byte) ~((sample < 0 ? 0x80 : 0) | exponent << 4 | mantissa);
    }

    /** Sign, exponent and four bits, the even ones inverted. */
    static byte aLaw(short sample) {
        int thirteen = sample >> 3;
        int magnitude = Math.min(thirteen < 0 ? ~thirteen : thirteen, MOST_13);
        int exponent = Math.max(0, 27 - Integer.numberOfLeadingZeros(magnitude)); // 32 has 1
        int mantissa = exponent == 0 ? magnitude >> 1 & 15 : magnitude >> exponent & 15;
        return (byte) (((sample < 0 ? 0 : 0x80) | exponent << 4 | mantissa) ^ 0x55);
    }
}
