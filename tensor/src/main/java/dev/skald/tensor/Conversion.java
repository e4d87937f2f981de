package dev.skald.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Stored values as fp32, and the check that they are finite: one place for all that computes on the
 * host. A weight passes through a window that stays in a core's caches.
 */
public final class Conversion {
    /** Bytes of a window. */
    private static final int WINDOW = 1 << 17;

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

    private static final ThreadLocal<MemorySegment> BUFFER =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(WINDOW, 64));

    private static final ThreadLocal<int[]> BITS =
            ThreadLocal.withInitial(() -> new int[WINDOW / Integer.BYTES]);

    /** The bits of infinity: those of what is not finite are as large, without the sign. */
    private static final int INFINITE = 0x7f800000;

    private Conversion() {}

    /**
     * {@code count} values from index {@code from} on into {@code to[at...]}.
     *
     * @throws WeightException on one that is not finite
     */
    public static void floats(Weight weight, long from, float[] to, int at, int count) {
        convert(weight, from, to, at, count, true);
    }

    /** The same, each rounded to the nearest bfloat16. */
    public static void bf16(Weight weight, long from, short[] to, int at, int count) {
        DType type = weight.dtype();
        int most = WINDOW / Float.BYTES;
        int[] bits = BITS.get();
        for (int done = 0; done < count; done += most) {
            int n = Math.min(most, count - done);
            if (type == DType.BF16) {
                MemorySegment window = window(weight, from + done, n);
                MemorySegment.copy(window, SHORT, 0, to, at + done, n);
                if (largest(to, at + done, n) >= INFINITE >>> 16) {
                    refuse(weight, from + done, n);
                }
                continue;
            }
            if (type == DType.F32) {
                MemorySegment.copy(window(weight, from + done, n), INT, 0, bits, 0, n);
            } else {
                float[] values = new float[n];
                convert(weight, from + done, values, 0, n, false);
                for (int i = 0; i < n; i++) {
                    bits[i] = Float.floatToRawIntBits(values[i]);
                }
            }
            if (largest(bits, n) >= INFINITE) {
                refuse(weight, from + done, n);
            }
            round(bits, to, at + done, n);
        }
    }

    /** All values, finite or not. */
    public static float[] unchecked(Weight weight) {
        float[] all = new float[Math.toIntExact(weight.size())];
        convert(weight, 0, all, 0, all.length, false);
        return all;
    }

    /** The nearest bfloat16, ties to even, of the bits of a float. */
    public static short bf16(int bits) {
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    private static void round(int[] bits, short[] to, int at, int n) {
        for (int i = 0; i < n; i++) {
            to[at + i] = bf16(bits[i]);
        }
    }

    private static int largest(int[] bits, int n) {
        int most = 0;
        for (int i = 0; i < n; i++) {
            most = Math.max(most, bits[i] & Integer.MAX_VALUE);
        }
        return most;
    }

    private static int largest(short[] bits, int at, int n) {
        int most = 0;
        for (int i = at; i < at + n; i++) {
            most = Math.max(most, bits[i] & Short.MAX_VALUE);
        }
        return most;
    }

    private static void refuse(Weight weight, long from, int count) {
        float[] values = new float[count];
        convert(weight, from, values, 0, count, false);
        for (int i = 0; i < count; i++) {
            if (!Float.isFinite(values[i])) {
                throw WeightException.notFinite(weight.name(), from + i);
            }
        }
    }

    private static MemorySegment window(Weight weight, long from, int n) {
        MemorySegment window = BUFFER.get().asSlice(0, (long) n * weight.dtype().bytes());
        weight.copy(from, window);
        return window;
    }

    private static void convert(
            Weight weight, long from, float[] to, int at, int count, boolean check) {
        DType type = weight.dtype();
        int most = WINDOW / Math.max(type.bytes(), Float.BYTES);
        int[] bits = BITS.get();
        for (int done = 0; done < count; done += most) {
            int n = Math.min(most, count - done);
            MemorySegment window = window(weight, from + done, n);
            convert(type, window, to, at + done, n);
            if (!check) {
                continue;
            }
            if (type == DType.F32) {
                MemorySegment.copy(window, INT, 0, bits, 0, n);
                if (largest(bits, n) >= INFINITE) {
                    refuse(weight, from + done, n);
                }
            } else {
                check(weight, from + done, to, at + done, n);
            }
        }
    }

    private static void check(Weight weight, long from, float[] to, int at, int count) {
        for (int i = at; i < at + count; i++) {
            if (!Float.isFinite(to[i])) {
                throw WeightException.notFinite(weight.name(), from + i - at);
            }
        }
    }

    private static void convert(DType type, MemorySegment from, float[] to, int at, int count) {
        switch (type) {
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
