package dev.skald.piper.vits;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.skald.piper.PiperNetwork.Settings;
import java.io.ByteArrayOutputStream;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** ONNX Runtime on the same file, with the intermediate values that {@link Taps} name. */
final class Oracle {
    private Oracle() {}

    /** Our tap's name to the values that ONNX Runtime gives, as (rows, channels). */
    static Map<String, float[]> run(byte[] onnx, int[] ids, Settings settings) throws OrtException {
        OnnxFile file = Voices.file(onnx);
        OnnxVoice voice = OnnxVoice.of(file);
        Map<String, String> taps = new LinkedHashMap<>();
        taps.put("encoder.hidden", voice.convolution("enc_p.proj").inputs().getFirst());
        taps.put("encoder.stats", voice.convolution("enc_p.proj").outputs().getFirst());
        taps.put("latent", voice.convolution("dec.conv_pre").inputs().getFirst());
        for (OnnxFile.Node node : file.nodes()) {
            if (node.type().equals("Ceil")) {
                taps.put("durations", node.outputs().getFirst());
            }
        }
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        Map<String, OnnxTensor> inputs = new HashMap<>();
        long[] wide = java.util.Arrays.stream(ids).asLongStream().toArray();
        try (OrtSession session = environment.createSession(withOutputs(onnx, taps))) {
            inputs.put(
                    "input",
                    OnnxTensor.createTensor(
                            environment, LongBuffer.wrap(wide), new long[] {1, ids.length}));
            inputs.put(
                    "input_lengths",
                    OnnxTensor.createTensor(
                            environment, LongBuffer.wrap(new long[] {ids.length}), new long[] {1}));
            inputs.put(
                    "scales",
                    OnnxTensor.createTensor(
                            environment,
                            FloatBuffer.wrap(
                                    new float[] {
                                        settings.noiseScale(),
                                        settings.lengthScale(),
                                        settings.noiseWidth()
                                    }),
                            new long[] {3}));
            if (session.getInputNames().contains("sid")) {
                inputs.put(
                        "sid",
                        OnnxTensor.createTensor(
                                environment,
                                LongBuffer.wrap(new long[] {settings.speaker()}),
                                new long[] {1}));
            }
            try (OrtSession.Result result = session.run(inputs)) {
                Map<String, float[]> values = new HashMap<>();
                values.put("audio", values((OnnxTensor) result.get(0)));
                for (Map.Entry<String, String> tap : taps.entrySet()) {
                    OnnxTensor value = (OnnxTensor) result.get(tap.getValue()).orElseThrow();
                    float[] channelsFirst = values(value);
                    int rows = (int) value.getInfo().getShape()[2];
                    values.put(tap.getKey(), turned(channelsFirst, rows));
                }
                return values;
            }
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    /** (C,T) → (T,C). */
    private static float[] turned(float[] values, int rows) {
        float[] turned = new float[values.length];
        int channels = values.length / Math.max(1, rows);
        for (int t = 0; t < rows; t++) {
            for (int c = 0; c < channels; c++) {
                turned[t * channels + c] = values[c * rows + t];
            }
        }
        return turned;
    }

    private static float[] values(OnnxTensor tensor) {
        FloatBuffer buffer = tensor.getFloatBuffer();
        float[] values = new float[buffer.remaining()];
        buffer.get(values);
        return values;
    }

    /** Protobuf messages that follow each other are one: a second graph adds outputs. */
    private static byte[] withOutputs(byte[] onnx, Map<String, String> taps) {
        ByteArrayOutputStream graph = new ByteArrayOutputStream();
        for (String name : taps.values()) {
            ByteArrayOutputStream value = new ByteArrayOutputStream();
            field(value, 1, name.getBytes(StandardCharsets.UTF_8));
            field(graph, 12, value.toByteArray());
        }
        ByteArrayOutputStream model = new ByteArrayOutputStream();
        model.writeBytes(onnx);
        field(model, 7, graph.toByteArray());
        return model.toByteArray();
    }

    private static void field(ByteArrayOutputStream to, int number, byte[] bytes) {
        to.write(number << 3 | 2);
        int length = bytes.length;
        while (length > 127) {
            to.write(length & 127 | 128);
            length >>>= 7;
        }
        to.write(length);
        to.writeBytes(bytes);
    }
}
