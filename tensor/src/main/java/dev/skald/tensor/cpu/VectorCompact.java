package dev.skald.tensor.cpu;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link VectorProducts#row1} on compact weights: the same order of sums on the same values, so the
 * same bits as on the unpacked weights.
 */
final class VectorCompact {
    private static final int BITS = Lanes.F.vectorBitSize();
    private static final VectorSpecies<Integer> I =
            VectorSpecies.of(int.class, Lanes.F.vectorShape());
    private static final VectorSpecies<Short> H =
            VectorSpecies.of(short.class, VectorShape.forBitSize(BITS / 2));

    /** At least 64 bits, the smallest vector: then only its first part counts. */
    private static final VectorSpecies<Byte> B =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, BITS / 4)));

    private VectorCompact() {}

    private static FloatVector half(short[] w, int at) {
        return ((IntVector)
                        ShortVector.fromArray(H, w, at)
                                .convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0))
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats();
    }

    private static FloatVector byteAt(byte[] w, int at) {
        return (FloatVector)
                ByteVector.fromArray(B, w, at).convertShape(VectorOperators.B2F, Lanes.F, 0);
    }

    /** So many values, a whole number of vectors, as floats. */
    static void unpackHalf(short[] from, int at, float[] to, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            half(from, at + i).intoArray(to, i);
        }
    }

    /** The same of integers. */
    static void unpackByte(byte[] from, int at, float[] to, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            byteAt(from, at + i).intoArray(to, i);
        }
    }

    static void row1Half(float[] a, int ao, int k, short[] w, int wo, float[] c, int co) {
        FloatVector zero = FloatVector.zero(Lanes.F);
        FloatVector a0 = zero;
        FloatVector b0 = zero;
        FloatVector a1 = zero;
        FloatVector b1 = zero;
        FloatVector a2 = zero;
        FloatVector b2 = zero;
        FloatVector a3 = zero;
        FloatVector b3 = zero;
        int p = wo;
        int end = ao + k;
        int x = ao;
        for (; x < end - 3; x += 4, p += 8 * Lanes.N) {
            FloatVector v = FloatVector.broadcast(Lanes.F, a[x]);
            a0 = v.fma(half(w, p), a0);
            b0 = v.fma(half(w, p + Lanes.N), b0);
            v = FloatVector.broadcast(Lanes.F, a[x + 1]);
            a1 = v.fma(half(w, p + 2 * Lanes.N), a1);
            b1 = v.fma(half(w, p + 3 * Lanes.N), b1);
            v = FloatVector.broadcast(Lanes.F, a[x + 2]);
            a2 = v.fma(half(w, p + 4 * Lanes.N), a2);
            b2 = v.fma(half(w, p + 5 * Lanes.N), b2);
            v = FloatVector.broadcast(Lanes.F, a[x + 3]);
            a3 = v.fma(half(w, p + 6 * Lanes.N), a3);
            b3 = v.fma(half(w, p + 7 * Lanes.N), b3);
        }
        for (; x < end; x++, p += 2 * Lanes.N) {
            FloatVector v = FloatVector.broadcast(Lanes.F, a[x]);
            a0 = v.fma(half(w, p), a0);
            b0 = v.fma(half(w, p + Lanes.N), b0);
        }
        a0.add(a1).add(a2.add(a3)).intoArray(c, co);
        b0.add(b1).add(b2.add(b3)).intoArray(c, co + Lanes.N);
    }

    static void row1Byte(float[] a, int ao, int k, byte[] w, int wo, float[] c, int co) {
        FloatVector zero = FloatVector.zero(Lanes.F);
        FloatVector a0 = zero;
        FloatVector b0 = zero;
        FloatVector a1 = zero;
        FloatVector b1 = zero;
        FloatVector a2 = zero;
        FloatVector b2 = zero;
        FloatVector a3 = zero;
        FloatVector b3 = zero;
        int p = wo;
        int end = ao + k;
        int x = ao;
        for (; x < end - 3; x += 4, p += 8 * Lanes.N) {
            FloatVector v = FloatVector.broadcast(Lanes.F, a[x]);
            a0 = v.fma(byteAt(w, p), a0);
            b0 = v.fma(byteAt(w, p + Lanes.N), b0);
            v = FloatVector.broadcast(Lanes.F, a[x + 1]);
            a1 = v.fma(byteAt(w, p + 2 * Lanes.N), a1);
            b1 = v.fma(byteAt(w, p + 3 * Lanes.N), b1);
            v = FloatVector.broadcast(Lanes.F, a[x + 2]);
            a2 = v.fma(byteAt(w, p + 4 * Lanes.N), a2);
            b2 = v.fma(byteAt(w, p + 5 * Lanes.N), b2);
            v = FloatVector.broadcast(Lanes.F, a[x + 3]);
            a3 = v.fma(byteAt(w, p + 6 * Lanes.N), a3);
            b3 = v.fma(byteAt(w, p + 7 * Lanes.N), b3);
        }
        for (; x < end; x++, p += 2 * Lanes.N) {
            FloatVector v = FloatVector.broadcast(Lanes.F, a[x]);
            a0 = v.fma(byteAt(w, p), a0);
            b0 = v.fma(byteAt(w, p + Lanes.N), b0);
        }
        a0.add(a1).add(a2.add(a3)).intoArray(c, co);
        b0.add(b1).add(b2.add(b3)).intoArray(c, co + Lanes.N);
    }
}
