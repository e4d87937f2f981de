package dev.skald.piper;

import java.nio.file.Path;

/** The reader of {@code .onnx.json}, which only this package sees. */
public final class PiperConfigReading {
    private PiperConfigReading() {}

    /** Reads a voice's configuration. */
    public static void config(byte[] input) {
        PiperVoiceConfigReader.parse(Path.of("x.onnx.json"), input);
    }
}
