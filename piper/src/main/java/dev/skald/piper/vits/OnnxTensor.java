package dev.skald.piper.vits;

import dev.skald.tensor.DType;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A {@code TensorProto} of fp32, fp64, fp16 or bf16 values, in place in the file. Other types are
 * kept by shape alone; reading them is refused.
 */
final class OnnxTensor implements Weight {
    private static final int FLOAT = 1;
    private static final int FLOAT16 = 10;
    private static final int DOUBLE = 11;
    private static final int BFLOAT16 = 16;
    private static final int MOST_DIMENSIONS = 8;

    private final String name;
    private final int type;
    private final int[] shape;
    private final MemorySegment data;

    private OnnxTensor(String name, int type, int[] shape, MemorySegment data) {
        this.name = name;
        this.type = type;
        this.shape = shape;
        this.data = data;
    }

    static OnnxTensor parse(Protobuf message) {
        String name = "";
        int type = 0;
        int[] shape = new int[0];
        boolean external = false;
        MemorySegment raw = MemorySegment.NULL;
        TypedValues typed = new TypedValues();
        while (message.next()) {
            switch (message.field()) {
                case 1 -> shape = dimensions(message, shape);
                case 2 -> type = (int) message.integer();
                case 4, 5, 10 -> typed.add(message);
                case 8 -> name = message.text();
                case 9 -> raw = message.bytes();
                case 13 -> {
                    external = true;
                    message.skip();
                }
                case 14 -> external |= message.integer() != 0;
                default -> message.skip();
            }
        }
        if (external) {
            throw new WeightException(
                    "tensor '" + name + "' lies in another file, which Piper voices never use");
        }
        MemorySegment data = raw.byteSize() > 0 ? raw : typed.values(type == FLOAT16);
        OnnxTensor tensor = new OnnxTensor(name, type, shape, data);
        tensor.checkSize();
        return tensor;
    }

    /** A derived parameter. */
    static OnnxTensor of(String name, float[] values, int... shape) {
        return new OnnxTensor(name, FLOAT, shape, MemorySegment.ofArray(values));
    }

    /** The same values under the parameter's own name, for messages. */
    OnnxTensor called(String parameter) {
        return parameter.equals(name) ? this : new OnnxTensor(parameter, type, shape, data);
    }

    private static int[] dimensions(Protobuf message, int[] known) {
        if (message.wire() == Protobuf.VARINT) {
            return appended(known, message.integer());
        }
        int[] shape = known;
        Protobuf packed = message.message();
        while (!packed.atEnd()) {
            shape = appended(shape, packed.varint());
        }
        return shape;
    }

    private static int[] appended(int[] shape, long dimension) {
        if (dimension < 0 || dimension > Integer.MAX_VALUE || shape.length == MOST_DIMENSIONS) {
            throw Protobuf.damaged("a tensor of impossible shape");
        }
        int[] longer = Arrays.copyOf(shape, shape.length + 1);
        longer[shape.length] = (int) dimension;
        return longer;
    }

    private int bytesEach() {
        return switch (type) {
            case FLOAT -> 4;
            case FLOAT16, BFLOAT16 -> 2;
            case DOUBLE -> 8;
            default -> 0;
        };
    }

    private void checkSize() {
        long bytes = bytesEach();
        if (bytes == 0) {
            return;
        }
        for (int d : shape) {
            // A product that could overflow is far past any file.
            bytes = d == 0 || bytes <= Integer.MAX_VALUE * 8L ? bytes * d : Long.MAX_VALUE;
        }
        if (bytes != data.byteSize()) {
            throw new WeightException(
                    "tensor '"
                            + name
                            + "' of shape "
                            + Arrays.toString(shape)
                            + " has "
                            + data.byteSize()
                            + " bytes");
        }
    }

    /** Whether it holds numbers a network is made of. */
    boolean isFloat() {
        return bytesEach() > 0;
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
        return switch (type) {
            case FLOAT -> DType.F32;
            case FLOAT16 -> DType.F16;
            case BFLOAT16 -> DType.BF16;
            case DOUBLE -> DType.F64;
            default ->
                    throw new WeightException(
                            "tensor '" + name + "' does not hold floating-point numbers");
        };
    }

    @Override
    public void copy(long from, MemorySegment to) {
        MemorySegment.copy(data, from * dtype().bytes(), to, 0, to.byteSize());
    }

    /** Values outside {@code raw_data}: float_data, double_data, or fp16 in int32_data. */
    private static final class TypedValues {
        private MemorySegment packed = MemorySegment.NULL;
        private int[] loose = new int[0];
        private int count;

        void add(Protobuf message) {
            if (message.wire() == Protobuf.FIXED32) {
                put(Float.floatToRawIntBits(message.fixed32()));
                return;
            }
            if (message.wire() == Protobuf.VARINT) {
                put((int) message.integer());
                return;
            }
            if (message.wire() != Protobuf.BYTES) {
                throw Protobuf.damaged("a tensor's values of unknown form");
            }
            if (message.field() == 5) {
                Protobuf values = message.message();
                while (!values.atEnd()) {
                    put((int) values.varint());
                }
                return;
            }
            if (packed.byteSize() > 0 || count > 0) {
                throw Protobuf.damaged("a tensor's values in pieces");
            }
            packed = message.bytes();
        }

        private void put(int bits) {
            if (count == loose.length) {
                loose = Arrays.copyOf(loose, Math.max(16, count * 2));
            }
            loose[count++] = bits;
        }

        MemorySegment values(boolean shorts) {
            if (count == 0) {
                return packed;
            }
            if (!shorts) {
                return MemorySegment.ofArray(Arrays.copyOf(loose, count));
            }
            short[] halves = new short[count];
            for (int i = 0; i < count; i++) {
                halves[i] = (short) loose[i];
            }
            return MemorySegment.ofArray(halves);
        }
    }
}
