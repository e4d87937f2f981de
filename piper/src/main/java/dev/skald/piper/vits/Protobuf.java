package dev.skald.piper.vits;

import dev.skald.tensor.WeightException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Reads the fields of one protobuf message in a stretch of memory, forwards, without copying. Every
 * length is checked against the stretch before it is used, so a lying file ends in a {@link
 * WeightException} and not in an allocation.
 */
final class Protobuf {
    static final int VARINT = 0;
    static final int FIXED64 = 1;
    static final int BYTES = 2;
    static final int FIXED32 = 5;

    private static final int LONGEST_NAME = 4096;
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment memory;
    private long at;
    private int field;
    private int wire;

    Protobuf(MemorySegment memory) {
        this.memory = memory;
    }

    /** Moves to the next field; false at the end of the message. */
    boolean next() {
        if (at == memory.byteSize()) {
            return false;
        }
        long tag = varint();
        field = (int) (tag >>> 3);
        wire = (int) (tag & 7);
        if (field <= 0 || tag >>> 32 != 0) {
            throw damaged("a field without a number");
        }
        return true;
    }

    int field() {
        return field;
    }

    int wire() {
        return wire;
    }

    /** The current field's bytes, a message among them. */
    MemorySegment bytes() {
        expect(BYTES);
        long length = varint();
        if (length < 0 || length > memory.byteSize() - at) {
            throw damaged("a length of " + Long.toUnsignedString(length) + " past the end");
        }
        MemorySegment slice = memory.asSlice(at, length);
        at += length;
        return slice;
    }

    Protobuf message() {
        return new Protobuf(bytes());
    }

    String text() {
        MemorySegment bytes = bytes();
        if (bytes.byteSize() > LONGEST_NAME) {
            throw damaged("a name of " + bytes.byteSize() + " bytes");
        }
        return new String(bytes.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    long integer() {
        expect(VARINT);
        return varint();
    }

    float fixed32() {
        expect(FIXED32);
        return memory.get(FLOAT, advance(4));
    }

    /** Steps over the current field. */
    void skip() {
        switch (wire) {
            case VARINT -> varint();
            case FIXED64 -> advance(8);
            case BYTES -> bytes();
            case FIXED32 -> advance(4);
            default -> throw damaged("a field of unknown kind " + wire);
        }
    }

    boolean atEnd() {
        return at == memory.byteSize();
    }

    /** A bare varint, as in packed lists. */
    long varint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            byte b = memory.get(ValueLayout.JAVA_BYTE, advance(1));
            value |= (long) (b & 0x7F) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw damaged("an endless number");
    }

    private long advance(int count) {
        if (count > memory.byteSize() - at) {
            throw damaged("its end is missing");
        }
        long here = at;
        at += count;
        return here;
    }

    private void expect(int kind) {
        if (wire != kind) {
            throw damaged("field " + field + " of the wrong kind " + wire);
        }
    }

    static WeightException damaged(String what) {
        return new WeightException("not a readable ONNX file: " + what);
    }
}
