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

    private Conversion() {}

    /**
     * {@code count} values from index {@code from} on into {@code to[at...]}.
     *
     * @throws WeightException on one that is not finite
     */
    public static void floats(Weight weight, long from, float[] to, int at, int count) {
        convert(weight, from, to, at, count, true);
    }

    /** All values, finite or not. */
    public static float[] unchecked(Weight weight) {
        float[] all = new float[Math.toIntExact(weight.size())];
        convert(weight, 0, all, 0, all.length, false);
        return all;
    }

    private static void convert(
            Weight weight, long from, float[] to, int at, int count, boolean check) {
        DType type = weight.dtype();
        int most = WINDOW / type.bytes();
        for (int done = 0; done < count; done += most) {
            int n = Math.min(most, count - done);
            MemorySegment window = BUFFER.get().asSlice(0, (long) n * type.bytes());
            weight.copy(from + done, window);
            convert(type, window, to, at + done, n);
            if (check) {
                check(weight, from + done, to, at + done, n);
            }
        }
    }

    private static void check(Weight weight, long from, float[] to, int at, int count) {
        float most = 0;
        for (int i = at; i < at + count; i++) {
            most = Math.max(most, Math.abs(to[i])); // NaN stays
        }
        for (int i = at; !Float.isFinite(most) && i < at + count; i++) {
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
