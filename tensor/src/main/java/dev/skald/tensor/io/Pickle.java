package dev.skald.tensor.io;

import dev.skald.tensor.DType;
import dev.skald.tensor.WeightException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The stack machine of Python's pickle protocol 2, without its power to call anything: the only
 * callables known are torch's tensor rebuilding and {@code collections.OrderedDict}.
 */
final class Pickle {
    private static final ValueLayout.OfShort U16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble BIG_ENDIAN_DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static final long LARGEST = 64L << 20;

    /** Ten times what the largest checkpoint takes: each may put an object of a hundred bytes. */
    private static final int MOST_STEPS = 1 << 18;

    enum Marker {
        /** Python's None. */
        NONE,
        MARK
    }

    /** A name such as {@code torch._utils._rebuild_tensor_v2}. */
    private record Global(String name) {}

    private record Storage(DType dtype, MemorySegment bytes) {}

    /** A tensor before it has a name. */
    record TensorValue(
            MappedFile file,
            MemorySegment storage,
            DType dtype,
            int[] shape,
            long[] stride,
            long offset) {
        StoredTensor named(String name) {
            return new StoredTensor(file, name, storage, dtype, shape, stride, offset);
        }
    }

    private final MappedFile file;
    private final MemorySegment code;
    private final Map<String, MemorySegment> entries;
    private final String data;
    private final List<Object> stack = new ArrayList<>();
    private final Map<Integer, Object> memo = new HashMap<>();
    private long at;

    Pickle(
            MappedFile file,
            MemorySegment code,
            Map<String, MemorySegment> entries,
            String dataPrefix) {
        this.file = file;
        this.code = code;
        this.entries = entries;
        this.data = dataPrefix;
    }

    /** Maps, lists, Long, Double, Boolean, String, tensors, {@link Marker#NONE}. */
    Object read() {
        if (code.byteSize() > LARGEST) {
            throw damaged("its pickle is too large");
        }
        for (int steps = 0; ; steps++) {
            if (steps == MOST_STEPS) {
                throw damaged("its pickle has too many parts");
            }
            int op = u8();
            switch (op) {
                case 0x80 -> {
                    if (u8() > 2) {
                        throw damaged("its pickle is of a protocol that torch does not write");
                    }
                }
                case '.' -> {
                    return pop();
                }
                case '(' -> stack.add(Marker.MARK);
                case '0' -> pop();
                case 'N' -> stack.add(Marker.NONE);
                case 0x88 -> stack.add(true);
                case 0x89 -> stack.add(false);
                case 'J' -> {
                    stack.add((long) code.get(I32, at));
                    at += 4;
                }
                case 'K' -> stack.add((long) u8());
                case 'M' -> stack.add((long) u16());
                case 0x8a -> stack.add(longOf(u8()));
                case 'G' -> {
                    stack.add(code.get(BIG_ENDIAN_DOUBLE, at));
                    at += 8;
                }
                case 'X' -> stack.add(text(length()));
                case 'c' -> stack.add(new Global(line() + "." + line()));
                case 'q' -> memo.put(u8(), peek());
                case 'r' -> memo.put(length(), peek());
                case 'h' -> stack.add(recall(u8()));
                case 'j' -> stack.add(recall(length()));
                case ')' -> stack.add(List.of());
                case ']' -> stack.add(new ArrayList<>());
                case '}' -> stack.add(new LinkedHashMap<>());
                case 't' -> stack.add(List.copyOf(popToMark()));
                case 0x85 -> stack.add(List.of(pop()));
                case 0x86 -> {
                    Object b = pop();
                    stack.add(List.of(pop(), b));
                }
                case 0x87 -> {
                    Object c = pop();
                    Object b = pop();
                    stack.add(List.of(pop(), b, c));
                }
                case 'a' -> {
                    Object value = pop();
                    listOnTop().add(value);
                }
                case 'e' -> {
                    List<Object> values = popToMark();
                    listOnTop().addAll(values);
                }
                case 's' -> {
                    Object value = pop();
                    Object key = pop();
                    put(key, value);
                }
                case 'u' -> {
                    List<Object> pairs = popToMark();
                    if (pairs.size() % 2 != 0) {
                        throw damaged("a dict of its pickle lacks a value");
                    }
                    for (int i = 0; i < pairs.size(); i += 2) {
                        put(pairs.get(i), pairs.get(i + 1));
                    }
                }
                case 'Q' -> stack.add(storage(pop()));
                case 'R' -> {
                    Object arguments = pop();
                    stack.add(call(pop(), arguments));
                }
                case 'b' -> {
                    // An OrderedDict of parameters carries its module versions; nothing reads them.
                    pop();
                    if (!(peek() instanceof Map)) {
                        throw refused("sets the state of an object");
                    }
                }
                default -> throw refused("uses opcode 0x" + Integer.toHexString(op));
            }
        }
    }

    private Object call(Object function, Object arguments) {
        if (!(function instanceof Global g) || !(arguments instanceof List<?> list)) {
            throw damaged("its pickle calls what cannot be called");
        }
        return switch (g.name) {
            case "collections.OrderedDict" -> {
                if (!list.isEmpty()) {
                    throw damaged("its pickle makes a dict in an unknown way");
                }
                yield new LinkedHashMap<>();
            }
            case "torch._utils._rebuild_tensor_v2" -> tensor(list);
            case "torch._utils._rebuild_parameter" -> {
                if (list.isEmpty() || !(list.getFirst() instanceof TensorValue t)) {
                    throw damaged("a parameter of its pickle is no tensor");
                }
                yield t;
            }
            default -> throw refused("calls " + g.name);
        };
    }

    private TensorValue tensor(List<?> a) {
        if (a.size() < 6
                || !(a.get(0) instanceof Storage s)
                || !(a.get(1) instanceof Long offset)
                || !(a.get(2) instanceof List<?> size)
                || !(a.get(3) instanceof List<?> step)
                || size.size() != step.size()
                || size.size() > 8) {
            throw damaged("a tensor of its pickle is malformed");
        }
        int[] shape = new int[size.size()];
        long[] stride = new long[shape.length];
        for (int i = 0; i < shape.length; i++) {
            if (!(size.get(i) instanceof Long d)
                    || d < 0
                    || d > Integer.MAX_VALUE
                    || !(step.get(i) instanceof Long st)) {
                throw damaged("a tensor of its pickle has an impossible shape");
            }
            shape[i] = (int) (long) d;
            stride[i] = st;
        }
        return new TensorValue(file, s.bytes, s.dtype, shape, stride, offset);
    }

    /** The type of a torch storage class, if it is one we read. */
    private static @Nullable DType type(String storage) {
        return switch (storage) {
            case "DoubleStorage" -> DType.F64;
            case "FloatStorage" -> DType.F32;
            case "HalfStorage" -> DType.F16;
            case "BFloat16Storage" -> DType.BF16;
            case "LongStorage" -> DType.I64;
            case "IntStorage" -> DType.I32;
            case "ShortStorage" -> DType.I16;
            case "CharStorage" -> DType.I8;
            case "ByteStorage" -> DType.U8;
            case "BoolStorage" -> DType.BOOL;
            default -> null;
        };
    }

    /** {@code ('storage', torch.FloatStorage, '0', 'cpu', 256)}. */
    private Storage storage(Object id) {
        if (!(id instanceof List<?> l)
                || l.size() != 5
                || !"storage".equals(l.get(0))
                || !(l.get(1) instanceof Global type)
                || !(l.get(2) instanceof String key)
                || !(l.get(4) instanceof Long count)) {
            throw damaged("a storage of its pickle is malformed");
        }
        DType dtype =
                type.name.startsWith("torch.")
                        ? type(type.name.substring("torch.".length()))
                        : null;
        if (dtype == null) {
            throw refused("has a storage of type " + type.name);
        }
        MemorySegment bytes = entries.get(data + key);
        if (bytes == null) {
            throw damaged("storage '" + key + "' is missing");
        }
        if (count < 0 || count > bytes.byteSize() / dtype.bytes()) {
            throw damaged("storage '" + key + "' is shorter than it claims");
        }
        return new Storage(dtype, bytes.asSlice(0, count * dtype.bytes()));
    }

    private void put(Object key, Object value) {
        if (!(key instanceof String || key instanceof Long)) {
            throw refused("has a dict key that is neither text nor number");
        }
        if (!(peek() instanceof Map<?, ?> map)) {
            throw damaged("its pickle sets an item of no dict");
        }
        @SuppressWarnings("unchecked")
        Map<Object, Object> dict = (Map<Object, Object>) map;
        dict.put(key, value);
    }

    private List<Object> listOnTop() {
        if (!(peek() instanceof ArrayList<?> list)) {
            throw damaged("its pickle appends to no list");
        }
        @SuppressWarnings("unchecked")
        List<Object> values = (List<Object>) list;
        return values;
    }

    private Object pop() {
        Object top = peek();
        stack.removeLast();
        return top;
    }

    private Object peek() {
        if (stack.isEmpty() || stack.getLast() == Marker.MARK) {
            throw damaged("its pickle takes more than it put");
        }
        return stack.getLast();
    }

    private List<Object> popToMark() {
        int mark = stack.lastIndexOf(Marker.MARK);
        if (mark < 0) {
            throw damaged("its pickle has no mark to go back to");
        }
        List<Object> values = new ArrayList<>(stack.subList(mark + 1, stack.size()));
        stack.subList(mark, stack.size()).clear();
        return values;
    }

    private Object recall(int key) {
        @Nullable Object value = memo.get(key);
        if (value == null) {
            throw damaged("its pickle recalls what it never kept");
        }
        return value;
    }

    private int u8() {
        return Byte.toUnsignedInt(code.get(ValueLayout.JAVA_BYTE, at++));
    }

    private int u16() {
        int v = Short.toUnsignedInt(code.get(U16, at));
        at += 2;
        return v;
    }

    private int length() {
        int v = code.get(I32, at);
        at += 4;
        if (v < 0) {
            throw damaged("a length of its pickle is negative");
        }
        return v;
    }

    private long longOf(int bytes) {
        if (bytes > 8) {
            throw damaged("a number of its pickle is too large");
        }
        long v = 0;
        for (int i = 0; i < bytes; i++) {
            v |= (long) u8() << (8 * i);
        }
        int spare = 64 - 8 * bytes;
        return bytes == 0 ? 0 : v << spare >> spare;
    }

    private String text(int bytes) {
        byte[] utf8 = code.asSlice(at, bytes).toArray(ValueLayout.JAVA_BYTE);
        at += bytes;
        return new String(utf8, StandardCharsets.UTF_8);
    }

    private String line() {
        StringBuilder line = new StringBuilder();
        for (int c = u8(); c != '\n'; c = u8()) {
            if (line.length() > 200) {
                throw damaged("a name of its pickle is too long");
            }
            line.append((char) c);
        }
        return line.toString();
    }

    private WeightException damaged(String what) {
        return new WeightException(file.name() + " is damaged: " + what);
    }

    private WeightException refused(String what) {
        return new WeightException(
                file.name()
                        + " is refused: its pickle "
                        + what
                        + ", and a pickle may hold any code");
    }
}
