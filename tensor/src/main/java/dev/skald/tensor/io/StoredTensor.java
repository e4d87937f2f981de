package dev.skald.tensor.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A tensor that lies in a file. Valid until the file it came from is closed.
 *
 * <p>Reading converts to fp32; a value that is not finite is refused. Safe for many threads.
 */
public final class StoredTensor implements Weight {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MappedFile file;
    private final String name;
    private final MemorySegment storage;
    private final DType dtype;
    private final int[] shape;
    private final long[] stride;
    private final long offset;
    private final long size;
    private final boolean contiguous;

    /** Checks that every value lies inside {@code storage}. */
    StoredTensor(
            MappedFile file,
            String name,
            MemorySegment storage,
            DType dtype,
            int[] shape,
            long[] stride,
            long offset) {
        this.file = file;
        this.name = name;
        this.storage = storage;
        this.dtype = dtype;
        this.shape = shape;
        this.stride = stride;
        this.offset = offset;
        long held = storage.byteSize() / dtype.bytes();
        long n = 1;
        long last = offset;
        boolean dense = true;
        try {
            long expected = 1;
            for (int i = shape.length - 1; i >= 0; i--) {
                if (shape[i] < 0 || stride[i] < 0) {
                    throw damaged("has a negative dimension or stride");
                }
                n = Math.multiplyExact(n, (long) shape[i]);
                dense &= shape[i] == 1 || stride[i] == expected;
                expected = Math.multiplyExact(expected, (long) Math.max(1, shape[i]));
                if (shape[i] > 0) {
                    last = Math.addExact(last, Math.multiplyExact(shape[i] - 1L, stride[i]));
                }
            }
        } catch (ArithmeticException e) {
            throw damaged("claims more values than a file can hold");
        }
        if (n > 0 && (offset < 0 || last >= held || n > held)) {
            throw damaged("claims values past the end of its storage");
        }
        size = n;
        contiguous = dense;
    }

    private WeightException damaged(String what) {
        return new WeightException(file.name() + ": tensor '" + name + "' " + what);
    }

    /** {@code file:name}, for messages. */
    @Override
    public String name() {
        return file.name() + ":" + name;
    }

    @Override
    public int[] shape() {
        return shape.clone();
    }

    @Override
    public long size() {
        return size;
    }

    public DType dtype() {
        return dtype;
    }

    /** Steps between neighbours of each dimension, in values. */
    public long[] stride() {
        return stride.clone();
    }

    /** Values before the first one in the storage. */
    public long storageOffset() {
        return offset;
    }

    /** How many values the storage holds. */
    public long storageSize() {
        return storage.byteSize() / dtype.bytes();
    }

    @Override
    public void read(long from, float[] to, int at, int count) {
        readAsStored(from, to, at, count);
        float most = 0;
        for (int i = at; i < at + count; i++) {
            most = Math.max(most, Math.abs(to[i])); // NaN stays
        }
        for (int i = at; !Float.isFinite(most) && i < at + count; i++) {
            if (!Float.isFinite(to[i])) {
                throw damaged(
                        "is not finite at index " + (from + i - at) + ": the file is damaged");
            }
        }
    }

    /** All values, finite or not. */
    public float[] floatsAsStored() {
        float[] all = new float[Math.toIntExact(size)];
        readAsStored(0, all, 0, all.length);
        return all;
    }

    private void readAsStored(long from, float[] to, int at, int count) {
        if (from < 0 || count < 0 || from + count > size) {
            throw new IndexOutOfBoundsException(
                    name() + ": " + count + " values at " + from + " of " + size);
        }
        if (count == 0) {
            return; // the offset of an empty tensor may lie anywhere
        }
        if (contiguous) {
            convert(offset + from, to, at, count);
        } else {
            for (int i = 0; i < count; i++) {
                int bytes = dtype.bytes();
                convert(storage.asSlice(position(from + i) * bytes, bytes), to, at + i, 1);
            }
        }
    }

    /** All values as integers, exactly. Throws {@link WeightException} on one that is none. */
    public int[] ints() {
        int[] all = new int[Math.toIntExact(size)];
        for (int i = 0; i < all.length; i++) {
            long p = position(i) * dtype.bytes();
            long v =
                    switch (dtype) {
                        case I64 -> storage.get(LONG, p);
                        case I32 -> storage.get(INT, p);
                        case I16 -> storage.get(SHORT, p);
                        case I8 -> storage.get(JAVA_BYTE, p);
                        case U8, BOOL -> storage.get(JAVA_BYTE, p) & 0xff;
                        case F64, F32, F16, BF16 -> whole(i);
                    };
            if (v != (int) v) {
                throw damaged("holds " + v + " where a 32-bit integer is expected");
            }
            all[i] = (int) v;
        }
        return all;
    }

    /** Token ids that a saved voice holds as floats (the official code casts them in place). */
    private long whole(int index) {
        float[] v = new float[1];
        read(index, v, 0, 1);
        if (v[0] != Math.rint(v[0])) {
            throw damaged("holds " + v[0] + " where an integer is expected");
        }
        return (long) v[0];
    }

    private long position(long index) {
        if (contiguous) {
            return offset + index;
        }
        long p = offset;
        long rest = index;
        for (int d = shape.length - 1; d >= 0; d--) {
            p += rest % shape[d] * stride[d];
            rest /= shape[d];
        }
        return p;
    }

    private void convert(long first, float[] to, int at, int count) {
        long p = storage.address() - file.bytes().address() + first * dtype.bytes();
        int most = MappedFile.WINDOW / dtype.bytes();
        for (int done = 0; done < count; done += most) {
            int n = Math.min(most, count - done);
            MemorySegment window = file.window(p + (long) done * dtype.bytes(), n * dtype.bytes());
            convert(window, to, at + done, n);
        }
    }

    private void convert(MemorySegment from, float[] to, int at, int count) {
        switch (dtype) {
            case F32 -> MemorySegment.copy(from, FLOAT, 0, to, at, count);
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    to[at + i] = Float.intBitsToFloat(from.get(SHORT, 2L * i) << 16);
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    to[at + i] = Float.float16ToFloat(from.get(SHORT, 2L * i));
                }
            }
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    to[at + i] = (float) from.get(DOUBLE, 8L * i);
                }
            }
            case I64 -> {
                for (int i = 0; i < count; i++) {
                    to[at + i] = from.get(LONG, 8L * i);
                }
            }
            case I32 -> {
                for (int i = 0; i < count; i++) {
                    to[at + i] = from.get(INT, 4L * i);
                }
            }
            case I16 -> {
                for (int i = 0; i < count; i++) {
                    to[at + i] = from.get(SHORT, 2L * i);
                }
            }
            case I8 -> {
                for (int i = 0; i < count; i++) {
                    to[at + i] = from.get(JAVA_BYTE, i);
                }
            }
            case U8, BOOL -> {
                for (int i = 0; i < count; i++) {
                    to[at + i] = from.get(JAVA_BYTE, i) & 0xff;
                }
            }
        }
    }
}
