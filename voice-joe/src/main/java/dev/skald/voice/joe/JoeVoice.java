package dev.skald.voice.joe;

import dev.skald.Mode;
import dev.skald.Voice;
import dev.skald.piper.BundledVoice;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * {@code en_US-joe-medium} of the Piper project, its weights as 8-bit integers. Made from the
 * published {@code en_US-joe-medium.onnx} (SHA-256 58afce03...bf06) by {@code
 * dev.skald.piper.vits.VoicePacker}. The voice is in the public domain (CC0).
 */
public final class JoeVoice implements BundledVoice {
    private static final String FILE = "en_US-joe-medium.skv";

    @Override
    public Voice about() {
        return new Voice(
                "en_US-joe-medium",
                Mode.FAST,
                "en_US",
                "English, United States: joe, medium quality; comes with Skald, in 8 bits",
                22_050,
                List.of(),
                "CC0-1.0");
    }

    @Override
    public InputStream open() throws IOException {
        InputStream file = JoeVoice.class.getResourceAsStream(FILE);
        if (file == null) {
            throw new IOException(FILE + " is missing from Skald's jar");
        }
        return file;
    }
}
