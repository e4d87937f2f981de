package dev.skald.tensor.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes what {@code torch.load} and {@link TorchZip} read: small tensors in a dict, or in dicts
 * one level down ({@code t3.speaker_emb}). Not thread-safe.
 */
public final class TorchZipWriter {
    private final Map<String, Map<String, Object>> dicts = new LinkedHashMap<>();

    private record Entry(String type, byte[] bytes, int count, int[] shape) {}

    private enum None {
        NONE
    }

    /** Adds a float32 tensor. */
    public TorchZipWriter add(String name, float[] values, int... shape) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return put(name, new Entry("FloatStorage", bytes.array(), values.length, shape.clone()));
    }

    /** Adds an int64 tensor. */
    public TorchZipWriter add(String name, long[] values, int... shape) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(values);
        return put(name, new Entry("LongStorage", bytes.array(), values.length, shape.clone()));
    }

    /** Adds Python's None. */
    public TorchZipWriter addNone(String name) {
        return put(name, None.NONE);
    }

    private TorchZipWriter put(String name, Object value) {
        int dot = name.indexOf('.');
        dicts.computeIfAbsent(dot < 0 ? "" : name.substring(0, dot), d -> new LinkedHashMap<>())
                .put(name.substring(dot + 1), value);
        return this;
    }

    /** Writes the file. */
    public void write(Path path) throws IOException {
        Pickler p = new Pickler();
        p.begin();
        for (Map.Entry<String, Map<String, Object>> dict : dicts.entrySet()) {
            boolean nested = !dict.getKey().isEmpty();
            if (nested) {
                p.text(dict.getKey());
                p.dict();
            }
            for (Map.Entry<String, Object> e : dict.getValue().entrySet()) {
                p.text(e.getKey());
                if (e.getValue() instanceof Entry tensor) {
                    p.tensor(tensor);
                } else {
                    p.op('N');
                }
                p.op('s');
            }
            if (nested) {
                p.op('s');
            }
        }
        p.op('.');
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(path))) {
            zip.setMethod(ZipOutputStream.STORED);
            store(zip, "archive/data.pkl", p.out.toByteArray());
            store(zip, "archive/byteorder", "little".getBytes(StandardCharsets.US_ASCII));
            int key = 0;
            for (Map<String, Object> dict : dicts.values()) {
                for (Object value : dict.values()) {
                    if (value instanceof Entry tensor) {
                        store(zip, "archive/data/" + key++, tensor.bytes);
                    }
                }
            }
            store(zip, "archive/version", "3\n".getBytes(StandardCharsets.US_ASCII));
        }
    }

    private static void store(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        CRC32 crc = new CRC32();
        crc.update(bytes);
        entry.setSize(bytes.length);
        entry.setCrc(crc.getValue());
        entry.setTime(0);
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
    }

    /** Pickle, protocol 2. */
    private static final class Pickler {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();
        private int storages;

        void begin() {
            out.write(0x80);
            out.write(2);
            dict();
        }

        void dict() {
            op('}');
        }

        void op(int code) {
            out.write(code);
        }

        void text(String s) {
            byte[] utf8 = s.getBytes(StandardCharsets.UTF_8);
            op('X');
            int32(utf8.length);
            out.writeBytes(utf8);
        }

        void global(String module, String name) {
            op('c');
            out.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
        }

        void number(int v) {
            op('J');
            int32(v);
        }

        void tensor(Entry t) {
            global("torch._utils", "_rebuild_tensor_v2");
            op('(');
            op('(');
            text("storage");
            global("torch", t.type);
            text(String.valueOf(storages++));
            text("cpu");
            number(t.count);
            op('t');
            op('Q');
            number(0);
            op('(');
            for (int d : t.shape) {
                number(d);
            }
            op('t');
            op('(');
            for (int i = 0; i < t.shape.length; i++) {
                int step = 1;
                for (int k = i + 1; k < t.shape.length; k++) {
                    step *= t.shape[k];
                }
                number(step);
            }
            op('t');
            op(0x89); // no gradient
            global("collections", "OrderedDict");
            op(')');
            op('R');
            op('t');
            op('R');
        }

        private void int32(int v) {
            for (int s = 0; s < 32; s += 8) {
                out.write(v >>> s);
            }
        }
    }
}
