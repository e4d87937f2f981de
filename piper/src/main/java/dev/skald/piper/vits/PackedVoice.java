package dev.skald.piper.vits;

import dev.skald.tensor.DType;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A Piper voice in one small file, {@code .skv}: its configuration, its gain, and its weights as
 * integers with a scale a row. Made to be read fast: nothing is compressed further, and tensors are
 * read where they lie. Little-endian:
 *
 * <pre>
 * "SKV1"
 * int       bytes of the header that follows
 * header:
 *   float   gain of the voice
 *   int     length of the configuration, then its JSON, as published beside the .onnx
 *   int     count of tensors, each:
 *     short length of its name, then the name in UTF-8
 *     byte  form: 0 fp32, 1 int8, 2 int16; integers are row-major, after one fp32 scale a row
 *     byte  count of dimensions, then an int each; a row is what follows the first dimension
 *     int   where its data begins, from the end of the header
 *     byte  1 if it is the weight of a convolution; then ints stride, dilation, padding, groups
 * data
 * </pre>
 *
 * <p>The file is checked as untrusted: every length against the bytes there are.
 */
final class PackedVoice implements Checkpoint {
    static final int MAGIC = 'S' | 'K' << 8 | 'V' << 16 | '1' << 24;
    private static final int LARGEST_HEADER = 8 << 20;
    private static final int MOST_TENSORS = 20_000;
    private static final int MOST_DIMENSIONS = 4;
    private static final int MOST_VALUES = 1 << 30;

    private static final ValueLayout.OfFloat LE_FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** How a tensor's values are stored. */
    enum Form {
        FLOAT32(4),
        INT8(1),
        INT16(2);

        final int bytes;

        Form(int bytes) {
            this.bytes = bytes;
        }
    }

    private final Map<String, Packed> tensors = new LinkedHashMap<>();
    private final Map<String, Geometry> geometries = new LinkedHashMap<>();
    private final byte[] config;
    private final float gain;
    private byte[] data = {};

    /** What a thread made of integers: one array, not garbage for each piece. */
    private float[] scaled = {};

    private PackedVoice(byte[] config, float gain) {
        this.config = config;
        this.gain = gain;
    }

    /** The published {@code .onnx.json}. */
    byte[] config() {
        return config.clone();
    }

    /** What {@link VoiceGain} measured. */
    float gain() {
        return gain;
    }

    /**
     * Reads a file in memory.
     *
     * @throws WeightException in one line, if it is damaged
     */
    static PackedVoice parse(byte[] file) {
        try (ByteArrayInputStream in = new ByteArrayInputStream(file)) {
            PackedVoice voice = header(in);
            voice.attach(in.readAllBytes());
            return voice;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads the header alone; {@link #attach} gives it the data that follows. */
    static PackedVoice header(InputStream file) throws IOException {
        ByteBuffer start = little(file.readNBytes(8));
        if (start.remaining() < 8 || start.getInt() != MAGIC) {
            throw new WeightException("not a packed voice of Skald's");
        }
        int size = start.getInt();
        if (size < 0 || size > LARGEST_HEADER) {
            throw damaged("its header claims " + size + " bytes");
        }
        try {
            return parse(little(file.readNBytes(size)));
        } catch (BufferUnderflowException e) {
            throw damaged("its header is cut off");
        }
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static PackedVoice parse(ByteBuffer header) {
        float gain = header.getFloat();
        if (!(gain > 0 && gain < 1e6f)) {
            throw damaged("its gain is " + gain);
        }
        PackedVoice voice = new PackedVoice(bytes(header, header.getInt()), gain);
        int count = header.getInt();
        if (count < 0 || count > MOST_TENSORS) {
            throw damaged("it claims " + count + " tensors");
        }
        for (int i = 0; i < count; i++) {
            voice.tensor(header);
        }
        return voice;
    }

    /** Gives it its weights. */
    void attach(byte[] data) {
        for (Packed tensor : tensors.values()) {
            if (tensor.length() > data.length - tensor.at) {
                throw damaged("tensor '" + tensor.name + "' is longer than the file");
            }
        }
        this.data = data;
    }

    private static byte[] bytes(ByteBuffer header, int length) {
        if (length < 0 || length > header.remaining()) {
            throw damaged("its header is cut off");
        }
        byte[] bytes = new byte[length];
        header.get(bytes);
        return bytes;
    }

    private void tensor(ByteBuffer header) {
        String name = new String(bytes(header, header.getShort()), StandardCharsets.UTF_8);
        int form = header.get();
        int rank = header.get();
        if (form < 0 || form >= Form.values().length || rank < 1 || rank > MOST_DIMENSIONS) {
            throw damaged("tensor '" + name + "' has an unknown form");
        }
        int[] shape = new int[rank];
        long values = 1;
        for (int i = 0; i < rank; i++) {
            shape[i] = header.getInt();
            values *= Math.max(0, shape[i]);
            if (values < 1 || values > MOST_VALUES) {
                throw damaged("tensor '" + name + "' has an impossible shape");
            }
        }
        int at = header.getInt();
        if (at < 0) {
            throw damaged("tensor '" + name + "' is longer than the file");
        }
        Packed tensor = new Packed(name, Form.values()[form], shape, (int) values / shape[0], at);
        if (tensors.put(name, tensor) != null) {
            throw damaged("tensor '" + name + "' is there twice");
        }
        if (header.get() == 1) {
            Geometry geometry =
                    new Geometry(
                            header.getInt(), header.getInt(), header.getInt(), header.getInt());
            if (!sane(geometry)) {
                throw damaged("tensor '" + name + "' steps impossibly");
            }
            geometries.put(name.substring(0, Math.max(0, name.lastIndexOf('.'))), geometry);
        }
    }

    private static boolean sane(Geometry g) {
        return g.stride() > 0
                && g.stride() <= 1024
                && g.dilation() > 0
                && g.dilation() <= 1024
                && g.padding() >= 0
                && g.padding() <= 65536
                && g.groups() > 0
                && g.groups() <= 65536;
    }

    private static WeightException damaged(String what) {
        return new WeightException("not a readable packed voice: " + what);
    }

    @Override
    public Set<String> names() {
        return tensors.keySet();
    }

    @Override
    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    @Override
    public Weight get(String name) {
        @Nullable Packed tensor = tensors.get(name);
        if (tensor == null) {
            throw new WeightException("the packed voice has no '" + name + "'");
        }
        return tensor;
    }

    @Override
    public Geometry geometry(String module) {
        @Nullable Geometry geometry = geometries.get(module);
        if (geometry == null) {
            throw new WeightException("the packed voice has no convolution " + module);
        }
        return geometry;
    }

    private final class Packed implements Weight {
        private final String name;
        private final Form form;
        private final int[] shape;

        /** Values of a row. */
        private final int row;

        /** Where its scales and then its values begin. */
        private final int at;

        Packed(String name, Form form, int[] shape, int row, int at) {
            this.name = name;
            this.form = form;
            this.shape = shape;
            this.row = row;
            this.at = at;
        }

        private int scales() {
            return form == Form.FLOAT32 ? 0 : 4 * shape[0];
        }

        long length() {
            return 4L * (form == Form.FLOAT32 ? 0 : shape[0]) + size() * form.bytes;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public int[] shape() {
            return shape.clone();
        }

        @Override
        public DType dtype() {
            return DType.F32;
        }

        @Override
        public void copy(long from, MemorySegment to) {
            if (form == Form.FLOAT32) {
                MemorySegment.copy(
                        MemorySegment.ofArray(data), at + 4 * from, to, 0, to.byteSize());
                return;
            }
            int count = (int) (to.byteSize() / 4);
            synchronized (PackedVoice.this) {
                if (scaled.length < count) {
                    scaled = new float[count];
                }
                scale((int) from, count, scaled);
                MemorySegment.copy(scaled, 0, to, LE_FLOAT, 0, count);
            }
        }

        private void scale(int from, int count, float[] to) {
            int values = at + scales();
            int done = 0;
            while (done < count) {
                int first = from + done;
                int n = Math.min(count - done, row - first % row);
                float scale = Float.intBitsToFloat(littleInt(data, at + first / row * 4));
                if (form == Form.INT8) {
                    scaled8(data, values + first, scale, to, done, n);
                } else {
                    scaled16(data, values + 2 * first, scale, to, done, n);
                }
                done += n;
            }
        }
    }

    private static int littleInt(byte[] data, int at) {
        return data[at] & 0xff
                | (data[at + 1] & 0xff) << 8
                | (data[at + 2] & 0xff) << 16
                | data[at + 3] << 24;
    }

    private static void scaled8(byte[] data, int at, float scale, float[] to, int offset, int n) {
        for (int i = 0; i < n; i++) {
            to[offset + i] = data[at + i] * scale;
        }
    }

    private static void scaled16(byte[] data, int at, float scale, float[] to, int offset, int n) {
        for (int i = 0; i < n; i++) {
            int value = data[at + 2 * i] & 0xff | data[at + 2 * i + 1] << 8;
            to[offset + i] = value * scale;
        }
    }
}
