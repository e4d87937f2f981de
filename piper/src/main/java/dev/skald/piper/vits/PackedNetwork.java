package dev.skald.piper.vits;

import dev.skald.VoiceException;
import dev.skald.piper.PiperNetwork;
import dev.skald.piper.PiperVoiceConfig;
import dev.skald.spi.EngineContext;
import dev.skald.tensor.WeightException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * A packed voice being read: its configuration first, so that text can be prepared while its
 * weights are still on their way.
 */
public final class PackedNetwork {
    private final InputStream rest;
    private final PackedVoice voice;

    private PackedNetwork(InputStream rest, PackedVoice voice) {
        this.rest = rest;
        this.voice = voice;
    }

    /**
     * Reads the header.
     *
     * @param file the packed file, which this or {@link #load} closes
     * @throws VoiceException in one line, if it is damaged
     */
    public static PackedNetwork open(InputStream file) throws IOException {
        try {
            return new PackedNetwork(file, PackedVoice.header(file));
        } catch (WeightException e) {
            file.close();
            throw new VoiceException(e.getMessage(), e);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** The published {@code .onnx.json}. */
    public byte[] config() {
        return voice.config();
    }

    /**
     * Reads the weights. Called once.
     *
     * @throws VoiceException in one line, if the file is damaged or cannot be read
     */
    public PiperNetwork load(PiperVoiceConfig config, EngineContext context) {
        try (rest) {
            voice.attach(all(rest));
            return VitsNetwork.of(voice, config, context, VoiceGain.of(voice.gain()));
        } catch (WeightException e) {
            throw new VoiceException(e.getMessage(), e);
        } catch (IOException e) {
            throw new VoiceException("the packed voice cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * All that is left, in an array of what the stream says is left, or larger if that is wrong.
     */
    private static byte[] all(InputStream file) throws IOException {
        byte[] bytes = new byte[Math.max(1 << 12, file.available())];
        int length = 0;
        while (true) {
            length += file.readNBytes(bytes, length, bytes.length - length);
            int next = length < bytes.length ? -1 : file.read();
            if (next < 0) {
                return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
            }
            bytes = Arrays.copyOf(bytes, Math.multiplyExact(2, length));
            bytes[length++] = (byte) next;
        }
    }
}
