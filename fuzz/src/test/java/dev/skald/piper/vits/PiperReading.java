package dev.skald.piper.vits;

import dev.skald.tensor.Conversion;
import dev.skald.tensor.Weight;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** Piper's readers of weights, which only this package sees. */
public final class PiperReading {
    private PiperReading() {}

    /** Reads a network's file and every parameter of it. */
    public static void onnx(byte[] input) {
        OnnxVoice voice = OnnxVoice.of(OnnxFile.parse(MemorySegment.ofArray(input)));
        for (String name : voice.names()) {
            read(voice.get(name));
        }
    }

    /** Reads a packed voice and every parameter of it. */
    public static void packed(byte[] input) throws IOException {
        PackedNetwork.open(new ByteArrayInputStream(input)).config();
        PackedVoice voice = PackedVoice.parse(input);
        for (String name : voice.names()) {
            read(voice.get(name));
        }
    }

    /** A packed voice of a network's file, with weights of every form. */
    public static byte[] pack(byte[] onnx) {
        OnnxVoice voice = OnnxVoice.of(OnnxFile.parse(MemorySegment.ofArray(onnx)));
        PackedVoice.Form[] forms = {PackedVoice.Form.INT8, PackedVoice.Form.INT16};
        return VoicePacker.pack(
                voice,
                "{}".getBytes(StandardCharsets.US_ASCII),
                1.5f,
                name -> {
                    boolean small = voice.get(name).size() < 100;
                    return small || voice.get(name).shape().length < 2
                            ? PackedVoice.Form.FLOAT32
                            : forms[name.length() % 2];
                });
    }

    private static void read(Weight weight) {
        float[] some = new float[5000];
        int count = (int) Math.min(weight.size(), some.length);
        Conversion.floats(weight, 0, some, 0, count);
        Conversion.floats(weight, weight.size() - count, some, 0, count);
    }
}
