package dev.skald.tensor.io;

import dev.skald.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a safetensors file: a cloned voice, a test's checkpoint. Values are asked for piece by
 * piece while writing, so a file may be larger than memory. Not thread-safe.
 */
public final class SafetensorsWriter {
    private static final int CHUNK = 1 << 16;

    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /** Gives values [from, from + count) of a tensor, in row-major order. */
    @FunctionalInterface
    public interface Source {
        void read(long from, float[] to, int count);
    }

    private record Entry(DType dtype, int[] shape, Source values, int[] ints) {
        long size() {
            long n = 1;
            for (int d : shape) {
                n = Math.multiplyExact(n, (long) d);
            }
            return n;
        }
    }

    /** A line of free text in the header. */
    public SafetensorsWriter metadata(String key, String value) {
        metadata.put(key, value);
        return this;
    }

    /** Adds an fp32 tensor. */
    public SafetensorsWriter add(String name, float[] values, int... shape) {
        Source source = (from, to, count) -> System.arraycopy(values, (int) from, to, 0, count);
        return put(name, new Entry(DType.F32, shape.clone(), source, new int[0]), values.length);
    }

    /** Adds a tensor of 32-bit integers. */
    public SafetensorsWriter add(String name, int[] values, int... shape) {
        Source none = (from, to, count) -> {};
        return put(name, new Entry(DType.I32, shape.clone(), none, values.clone()), values.length);
    }

    /**
     * Adds a tensor whose values come from a source.
     *
     * @param dtype F32, or BF16, which keeps the upper half of each value
     */
    public SafetensorsWriter add(String name, DType dtype, Source values, int... shape) {
        if (dtype != DType.F32 && dtype != DType.BF16) {
            throw new IllegalArgumentException(name + ": " + dtype + " cannot be written");
        }
        Entry entry = new Entry(dtype, shape.clone(), values, new int[0]);
        return put(name, entry, entry.size());
    }

    private SafetensorsWriter put(String name, Entry entry, long values) {
        if (entry.size() != values) {
            throw new IllegalArgumentException(
                    name + ": " + values + " values for " + entry.size() + " places");
        }
        if (entries.putIfAbsent(name, entry) != null) {
            throw new IllegalArgumentException(name + " is there twice");
        }
        return this;
    }

    /** Writes the file whole or not at all. */
    public void write(Path path) throws IOException {
        Path temporary = path.resolveSibling(path.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            try (FileChannel out =
                    FileChannel.open(
                            temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                writeFully(out, ByteBuffer.wrap(header()));
                for (Entry e : entries.values()) {
                    writeValues(out, e);
                }
            }
            Files.move(temporary, path, StandardCopyOption.REPLACE_EXISTING);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private byte[] header() {
        ObjectNode root = JsonMapper.shared().createObjectNode();
        if (!metadata.isEmpty()) {
            metadata.forEach(root.putObject("__metadata__")::put);
        }
        long at = 0;
        for (Map.Entry<String, Entry> e : entries.entrySet()) {
            Entry entry = e.getValue();
            ObjectNode node = root.putObject(e.getKey());
            node.put("dtype", entry.dtype.name());
            List<Integer> shape = new ArrayList<>();
            for (int d : entry.shape) {
                shape.add(d);
            }
            node.putPOJO("shape", shape);
            long end = at + entry.size() * entry.dtype.bytes();
            node.putArray("data_offsets").add(at).add(end);
            at = end;
        }
        byte[] json = root.toString().getBytes(StandardCharsets.UTF_8);
        int padded = (json.length + 7) / 8 * 8;
        ByteBuffer header = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(padded).put(json);
        while (header.hasRemaining()) {
            header.put((byte) ' ');
        }
        return header.array();
    }

    private static void writeValues(FileChannel out, Entry e) throws IOException {
        long size = e.size();
        float[] floats = new float[(int) Math.min(size, CHUNK)];
        ByteBuffer bytes =
                ByteBuffer.allocateDirect(floats.length * e.dtype.bytes())
                        .order(ByteOrder.LITTLE_ENDIAN);
        for (long from = 0; from < size; from += floats.length) {
            int n = (int) Math.min(floats.length, size - from);
            bytes.clear();
            if (e.dtype == DType.I32) {
                bytes.asIntBuffer().put(e.ints, (int) from, n);
            } else {
                e.values.read(from, floats, n);
                if (e.dtype == DType.F32) {
                    bytes.asFloatBuffer().put(floats, 0, n);
                } else {
                    for (int i = 0; i < n; i++) {
                        bytes.putShort(2 * i, (short) (Float.floatToRawIntBits(floats[i]) >>> 16));
                    }
                }
            }
            bytes.position(0).limit(n * e.dtype.bytes());
            writeFully(out, bytes);
        }
    }

    private static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }
}
