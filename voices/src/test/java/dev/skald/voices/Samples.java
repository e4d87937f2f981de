package dev.skald.voices;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;

/** Small files in the forms the real ones have. */
public final class Samples {
    public static final String CONFIG =
            """
            {"audio": {"sample_rate": 22050, "quality": "medium"}, "espeak": {"voice": "en-us"},
             "language": {"code": "en_US"}, "dataset": "joe", "num_speakers": 1,
             "phoneme_id_map": {"_": [0]}, "speaker_id_map": {}}
            """;

    private Samples() {}

    /** Bytes that pass for an ONNX network. */
    public static byte[] onnx(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        bytes[0] = 0x08;
        return bytes;
    }

    public static Path piper(Path folder, String name) throws IOException {
        Path onnx = folder.resolve(name + ".onnx");
        Files.write(onnx, onnx(5000, 1));
        Files.writeString(folder.resolve(name + ".onnx.json"), CONFIG);
        return onnx;
    }

    public static String hash(String algorithm, byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    public static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
