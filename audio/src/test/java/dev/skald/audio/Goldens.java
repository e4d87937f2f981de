package dev.skald.audio;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code audio.golden}: made again by {@code tools/reference/audio_goldens.py}. */
public final class Goldens {
    private static final Map<String, float[]> ALL = read();

    private Goldens() {}

    public static float[] get(String name) {
        float[] values = ALL.get(name);
        if (values == null) {
            throw new IllegalStateException(
                    "no golden '" + name + "': run tools/reference/audio_goldens.py");
        }
        return values;
    }

    public static Iterable<String> names() {
        return ALL.keySet();
    }

    /** The signal both sides make: uniform in [-0.3, 0.3). */
    public static float[] noise(int n, int seed) {
        float[] out = new float[n];
        int s = seed;
        for (int i = 0; i < n; i++) {
            s = s * 1664525 + 1013904223;
            out[i] = (float) (((s >>> 8) - (1 << 23)) / (double) (1 << 24) * 0.6);
        }
        return out;
    }

    private static Map<String, float[]> read() {
        try (InputStream in = Goldens.class.getResourceAsStream("audio.golden")) {
            if (in == null) {
                throw new IllegalStateException("no audio.golden");
            }
            ByteBuffer bytes = ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
            byte[] magic = new byte[8];
            bytes.get(magic);
            if (!new String(magic, StandardCharsets.US_ASCII).equals("SKGOLD1\n")) {
                throw new IllegalStateException("not a golden file of version 1");
            }
            Map<String, float[]> all = new LinkedHashMap<>();
            while (bytes.hasRemaining()) {
                byte[] name = new byte[bytes.getInt()];
                bytes.get(name);
                float[] values = new float[bytes.getInt()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = bytes.getFloat();
                }
                all.put(new String(name, StandardCharsets.UTF_8), values);
            }
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
