package dev.skald.piper.vits;

import dev.skald.VoiceException;
import dev.skald.piper.PiperVoiceConfig;
import dev.skald.piper.vits.Checkpoint.Geometry;
import dev.skald.piper.vits.PackedVoice.Form;
import dev.skald.spi.EngineContext;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Writes a published voice as a {@link PackedVoice}: 8-bit weights with a scale a row. Norms,
 * biases and other small tensors stay as they are.
 */
public final class VoicePacker {
    /** Smaller tensors stay fp32. */
    private static final int SMALL = 2048;

    private VoicePacker() {}

    /**
     * Arguments: the voice's {@code .onnx}, with its {@code .onnx.json} beside it; the file to
     * write.
     */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            throw new IllegalArgumentException("arguments: voice.onnx packed.skv");
        }
        Files.write(Path.of(arguments[1]), pack(Path.of(arguments[0])));
    }

    /**
     * The packed form of a voice. The same file gives the same bytes.
     *
     * @throws VoiceException if it is not a Piper voice
     */
    public static byte[] pack(Path onnx) throws IOException {
        Path json = onnx.resolveSibling(onnx.getFileName() + ".json");
        PiperVoiceConfig config = PiperVoiceConfig.read(json);
        try (Arena arena = Arena.ofShared();
                FileChannel file = FileChannel.open(onnx)) {
            Checkpoint checkpoint =
                    OnnxVoice.of(
                            OnnxFile.parse(
                                    file.map(
                                            FileChannel.MapMode.READ_ONLY, 0, file.size(), arena)));
            byte[] text = Files.readAllBytes(json);
            Function<String, Form> forms = name -> form(checkpoint.get(name));
            // The gain is that of the packed weights, so it is measured after a first round.
            byte[] first = pack(checkpoint, text, 1, forms);
            VoiceGain measured = VoiceGain.measured(config);
            float gain;
            try (VitsNetwork network =
                    VitsNetwork.of(
                            PackedVoice.parse(first),
                            config,
                            EngineContext.builder().threads(2).build(),
                            measured)) {
                gain = measured.gain(network);
            }
            return pack(checkpoint, text, gain, forms);
        } catch (WeightException e) {
            throw new VoiceException(onnx + " cannot be packed: " + e.getMessage(), e);
        }
    }

    private static Form form(Weight weight) {
        return weight.shape().length < 2 || weight.size() < SMALL ? Form.FLOAT32 : Form.INT8;
    }

    /** Writes a checkpoint, each tensor in the form it is given. */
    static byte[] pack(
            Checkpoint checkpoint, byte[] config, float gain, Function<String, Form> forms) {
        List<String> names = List.copyOf(new TreeSet<>(checkpoint.names()));
        ByteArrayOutputStream data = new ByteArrayOutputStream(20 << 20);
        Header header = new Header();
        header.floats(gain);
        header.integer(config.length);
        header.bytes(config);
        header.integer(names.size());
        for (String name : names) {
            Weight weight = checkpoint.get(name);
            Form form = forms.apply(name);
            byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
            header.shorts(utf8.length);
            header.bytes(utf8);
            header.bytes((byte) form.ordinal(), (byte) weight.shape().length);
            for (int d : weight.shape()) {
                header.integer(d);
            }
            header.integer(data.size());
            Geometry geometry = geometry(checkpoint, name);
            if (geometry == null) {
                header.bytes((byte) 0);
            } else {
                header.bytes((byte) 1);
                header.integer(geometry.stride());
                header.integer(geometry.dilation());
                header.integer(geometry.padding());
                header.integer(geometry.groups());
            }
            data.writeBytes(values(weight, form));
        }
        byte[] head = header.out.toByteArray();
        ByteBuffer all = little(8 + head.length + data.size());
        all.putInt(PackedVoice.MAGIC).putInt(head.length).put(head).put(data.toByteArray());
        return all.array();
    }

    private static @Nullable Geometry geometry(Checkpoint checkpoint, String name) {
        boolean convolution = name.endsWith(".weight") && checkpoint.get(name).shape().length == 3;
        return convolution
                ? checkpoint.geometry(name.substring(0, name.length() - ".weight".length()))
                : null;
    }

    private static byte[] values(Weight weight, Form form) {
        float[] values = weight.floats();
        int rows = form == Form.FLOAT32 ? 0 : weight.shape()[0];
        ByteBuffer out = little(rows * 4 + values.length * form.bytes);
        if (form == Form.FLOAT32) {
            for (float v : values) {
                out.putFloat(v);
            }
            return out.array();
        }
        int row = values.length / rows;
        int most = form == Form.INT8 ? Byte.MAX_VALUE : Short.MAX_VALUE;
        float[] scales = new float[rows];
        for (int r = 0; r < rows; r++) {
            scales[r] = scale(values, r * row, row, most);
            out.putFloat(scales[r]);
        }
        for (int i = 0; i < values.length; i++) {
            float scale = scales[i / row];
            int q = scale == 0 ? 0 : Math.clamp(Math.round(values[i] / scale), -most, most);
            if (form == Form.INT8) {
                out.put((byte) q);
            } else {
                out.putShort((short) q);
            }
        }
        return out.array();
    }

    /** The scale with the least squared error: rows with a lone large value gain by clipping it. */
    private static float scale(float[] values, int from, int count, int most) {
        float peak = 0;
        for (int i = from; i < from + count; i++) {
            peak = Math.max(peak, Math.abs(values[i]));
        }
        float best = peak / most;
        if (peak == 0 || most > Byte.MAX_VALUE) {
            return best;
        }
        double least = Double.MAX_VALUE;
        for (int step = 0; step <= 40; step++) {
            float scale = peak / most * (1 - step * 0.015f);
            double error = 0;
            for (int i = from; i < from + count; i++) {
                int q = Math.clamp(Math.round(values[i] / scale), -most, most);
                double d = values[i] - q * scale;
                error += d * d;
            }
            if (error < least) {
                least = error;
                best = scale;
            }
        }
        return best;
    }

    private static ByteBuffer little(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static final class Header {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();

        void bytes(byte... bytes) {
            out.writeBytes(bytes);
        }

        void shorts(int value) {
            out.writeBytes(little(2).putShort((short) value).array());
        }

        void integer(int value) {
            out.writeBytes(little(4).putInt(value).array());
        }

        void floats(float value) {
            out.writeBytes(little(4).putFloat(value).array());
        }
    }
}
