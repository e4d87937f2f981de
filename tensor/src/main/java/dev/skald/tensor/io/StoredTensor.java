package dev.skald.tensor.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.skald.tensor.Conversion;
import dev.skald.tensor.DType;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A tensor that lies in a file. Valid until the file it came from is closed.
 *
 * <p>Safe for many threads.
 */
public final class StoredTensor implements Weight {
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

    @Override
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
    public void copy(long from, MemorySegment to) {
        int bytes = dtype.bytes();
        long count = to.byteSize() / bytes;
        if (from < 0 || from > size - count) {
            throw new IndexOutOfBoundsException(
                    name() + ": " + count + " values at " + from + " of " + size);
        }
        if (count == 0) {
            return; // the offset of an empty tensor may lie anywhere
        }
        long base = storage.address() - file.bytes().address();
        if (contiguous) {
            file.read(base + (offset + from) * bytes, to);
            return;
        }
        for (long i = 0; i < count; i++) {
            file.copy(base + position(from + i) * bytes, to.asSlice(i * bytes, bytes));
        }
    }

    /** All values as fp32, finite or not. */
    public float[] floatsAsStored() {
        return Conversion.unchecked(this);
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
        Conversion.floats(this, index, v, 0, 1);
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
}
