package dev.skald.tensor.io;

import dev.skald.tensor.DType;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.Weights;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * A memory-mapped safetensors file: 8 bytes of header length, a JSON header, then the values.
 *
 * <p>A header that is huge, names a tensor twice, or whose tensors overlap, leave gaps, lie outside
 * the file or are of another size than their shape is refused with a {@link WeightException} of one
 * line. Format: huggingface/safetensors. Safe for many threads until closed.
 */
public final class Safetensors implements Weights, AutoCloseable {
    private static final ValueLayout.OfLong LENGTH =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** The limit of the official reader. */
    private static final long LARGEST_HEADER = 100_000_000;

    private static final int MOST_DIMENSIONS = 8;

    private final MappedFile file;
    private final Map<String, StoredTensor> tensors;
    private final Map<String, String> metadata;

    private Safetensors(
            MappedFile file, Map<String, StoredTensor> tensors, Map<String, String> metadata) {
        this.file = file;
        this.tensors = tensors;
        this.metadata = metadata;
    }

    /** Maps the file and checks its header. Throws {@link WeightException}. */
    public static Safetensors open(Path path) {
        return open(MappedFile.open(path));
    }

    static Safetensors open(MappedFile file) {
        try {
            return new Parser(file).parse();
        } catch (InternalError e) {
            file.close();
            throw file.shorter();
        } catch (RuntimeException | StackOverflowError e) {
            file.close();
            if (e instanceof WeightException known) {
                throw known;
            }
            throw new WeightException(
                    file.name()
                            + " is not a safetensors file: its header cannot be read ("
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse("")
                            + ")");
        }
    }

    /** In the order of the header. */
    @Override
    public Set<String> names() {
        return tensors.keySet();
    }

    @Override
    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    @Override
    public StoredTensor get(String name) {
        StoredTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new WeightException(
                    file.name()
                            + " has no tensor '"
                            + name
                            + "': it is damaged or belongs to another model");
        }
        return tensor;
    }

    @Override
    public StoredTensor get(String name, int... shape) {
        Weights.super.get(name, shape);
        return get(name);
    }

    /** The free text entries of the header. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** Unmaps the file: no tensor of it may be read any more. */
    @Override
    public void close() {
        file.close();
    }

    private record Span(String name, DType dtype, int[] shape, long begin, long end) {}

    private static final class Parser {
        private final MappedFile file;
        private final List<Span> spans = new ArrayList<>();
        private final Map<String, String> metadata = new LinkedHashMap<>();

        Parser(MappedFile file) {
            this.file = file;
        }

        Safetensors parse() {
            MemorySegment bytes = file.bytes();
            if (bytes.byteSize() < 10) {
                throw damaged("it is too short");
            }
            long header = bytes.get(LENGTH, 0);
            if (header < 2 || header > LARGEST_HEADER || header > bytes.byteSize() - 8) {
                throw damaged("its header length of " + header + " is not possible");
            }
            byte[] json = bytes.asSlice(8, header).toArray(ValueLayout.JAVA_BYTE);
            readHeader(json);
            MemorySegment values = bytes.asSlice(8 + header);
            checkLayout(values.byteSize());
            Map<String, StoredTensor> tensors = new LinkedHashMap<>();
            for (Span s : spans) {
                tensors.put(
                        s.name,
                        new StoredTensor(
                                file,
                                s.name,
                                values.asSlice(s.begin, s.end - s.begin),
                                s.dtype,
                                s.shape,
                                rowMajor(s.shape),
                                0));
            }
            return new Safetensors(
                    file,
                    Collections.unmodifiableMap(tensors),
                    Collections.unmodifiableMap(metadata));
        }

        private void readHeader(byte[] json) {
            JsonFactory factory =
                    JsonFactory.builder()
                            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                            .build();
            try (JsonParser p = factory.createParser(ObjectReadContext.empty(), json)) {
                expect(p, p.nextToken(), JsonToken.START_OBJECT);
                while (p.nextToken() == JsonToken.PROPERTY_NAME) {
                    String name = p.currentName();
                    expect(p, p.nextToken(), JsonToken.START_OBJECT);
                    if (name.equals("__metadata__")) {
                        while (p.nextToken() == JsonToken.PROPERTY_NAME) {
                            String key = p.currentName();
                            expect(p, p.nextToken(), JsonToken.VALUE_STRING);
                            metadata.put(key, p.getString());
                        }
                    } else {
                        spans.add(readTensor(p, name));
                    }
                    expect(p, p.currentToken(), JsonToken.END_OBJECT);
                }
                expect(p, p.currentToken(), JsonToken.END_OBJECT);
                if (p.nextToken() != null) {
                    throw damaged("something follows its header");
                }
            } catch (JacksonException e) {
                throw damaged("its header is not the JSON expected: " + e.getOriginalMessage());
            }
        }

        private Span readTensor(JsonParser p, String name) {
            String dtype = null;
            long[] shape = null;
            long[] offsets = null;
            while (p.nextToken() == JsonToken.PROPERTY_NAME) {
                String key = p.currentName();
                JsonToken value = p.nextToken();
                switch (key) {
                    case "dtype" -> {
                        expect(p, value, JsonToken.VALUE_STRING);
                        dtype = p.getString();
                    }
                    case "shape" -> shape = longs(p, value);
                    case "data_offsets" -> offsets = longs(p, value);
                    default -> throw damaged("tensor '" + name + "' has an unknown field");
                }
            }
            if (dtype == null || shape == null || offsets == null || offsets.length != 2) {
                throw damaged("tensor '" + name + "' lacks its dtype, shape or data_offsets");
            }
            DType type = type(dtype);
            if (type == null) {
                throw damaged("tensor '" + name + "' is of the unknown dtype " + dtype);
            }
            return new Span(name, type, dimensions(name, shape), offsets[0], offsets[1]);
        }

        private static @Nullable DType type(String name) {
            for (DType type : DType.values()) {
                if (type.name().equals(name)) {
                    return type;
                }
            }
            return null;
        }

        private int[] dimensions(String name, long[] shape) {
            int[] dims = new int[shape.length];
            for (int i = 0; i < dims.length; i++) {
                if (shape[i] < 0 || shape[i] > Integer.MAX_VALUE) {
                    throw damaged("tensor '" + name + "' has a dimension of " + shape[i]);
                }
                dims[i] = (int) shape[i];
            }
            return dims;
        }

        private long[] longs(JsonParser p, @Nullable JsonToken first) {
            expect(p, first, JsonToken.START_ARRAY);
            long[] values = new long[MOST_DIMENSIONS];
            int n = 0;
            while (p.nextToken() == JsonToken.VALUE_NUMBER_INT) {
                if (n == MOST_DIMENSIONS) {
                    throw damaged("a tensor has more than " + MOST_DIMENSIONS + " dimensions");
                }
                values[n++] = p.getLongValue();
            }
            expect(p, p.currentToken(), JsonToken.END_ARRAY);
            return java.util.Arrays.copyOf(values, n);
        }

        /** Each tensor fills its span, and the spans fill the file, as the official reader asks. */
        private void checkLayout(long size) {
            for (Span s : spans) {
                if (s.begin < 0 || s.end < s.begin || s.end > size) {
                    throw damaged(
                            "tensor '" + s.name + "' lies outside the file: it was cut short");
                }
                long n = s.dtype.bytes();
                try {
                    for (int d : s.shape) {
                        n = Math.multiplyExact(n, (long) d);
                    }
                } catch (ArithmeticException e) {
                    n = -1;
                }
                if (n != s.end - s.begin) {
                    throw damaged("tensor '" + s.name + "' is not of the size of its shape");
                }
            }
            List<Span> order = new ArrayList<>(spans);
            order.sort(Comparator.comparingLong(Span::begin).thenComparingLong(Span::end));
            long at = 0;
            for (Span s : order) {
                if (s.begin != at) {
                    throw damaged(
                            "tensor '"
                                    + s.name
                                    + (s.begin < at ? "' overlaps another" : "' leaves a gap"));
                }
                at = s.end;
            }
            if (at != size) {
                throw damaged((size - at) + " bytes follow its last tensor");
            }
        }

        private static long[] rowMajor(int[] shape) {
            long[] stride = new long[shape.length];
            long step = 1;
            for (int i = shape.length - 1; i >= 0; i--) {
                stride[i] = step;
                step *= Math.max(1, shape[i]);
            }
            return stride;
        }

        private void expect(JsonParser p, @Nullable JsonToken found, JsonToken wanted) {
            if (found != wanted) {
                throw damaged(
                        "its header has "
                                + found
                                + " where "
                                + wanted
                                + " is expected, at byte "
                                + p.currentLocation().getByteOffset());
            }
        }

        private WeightException damaged(String what) {
            return new WeightException(file.name() + " is damaged: " + what);
        }
    }
}
