package dev.skald.tensor.cpu.gemm;

import dev.skald.tensor.cpu.jit.JitKernel;
import dev.skald.tensor.cpu.jit.Lanes;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link RowProduct} on quantized weights, and their conversion to floats, scales left out. The
 * order of sums and the values are the same as on the converted weights, so the bits are too.
 *
 * <p>Its scalar form is the conversion ({@link Quantized#unpack}) followed by {@link RowProduct}.
 */
final class QuantizedProduct {
    private static final int BITS = Lanes.F.vectorBitSize();

    private QuantizedProduct() {}

    /** bfloat16: a row times a panel. */
    static final class Bf16Row extends JitKernel {
        static final JitKernel KERNEL = new Bf16Row();

        private Bf16Row() {}

        @Override
        protected void call(int vectors) {
            simd(X, 0, 5 * Math.min(vectors, 4), SHORTS, 0, Y, 0);
        }

        static void simd(float[] a, int ao, int k, short[] w, int wo, float[] c, int co) {
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
                FloatVector v = Lanes.all(a[x]);
                a0 = v.fma(Bf16Unpack.lanesWiden(w, p), a0);
                b0 = v.fma(Bf16Unpack.lanesWiden(w, p + Lanes.N), b0);
                v = Lanes.all(a[x + 1]);
                a1 = v.fma(Bf16Unpack.lanesWiden(w, p + 2 * Lanes.N), a1);
                b1 = v.fma(Bf16Unpack.lanesWiden(w, p + 3 * Lanes.N), b1);
                v = Lanes.all(a[x + 2]);
                a2 = v.fma(Bf16Unpack.lanesWiden(w, p + 4 * Lanes.N), a2);
                b2 = v.fma(Bf16Unpack.lanesWiden(w, p + 5 * Lanes.N), b2);
                v = Lanes.all(a[x + 3]);
                a3 = v.fma(Bf16Unpack.lanesWiden(w, p + 6 * Lanes.N), a3);
                b3 = v.fma(Bf16Unpack.lanesWiden(w, p + 7 * Lanes.N), b3);
            }
            for (; x < end; x++, p += 2 * Lanes.N) {
                FloatVector v = Lanes.all(a[x]);
                a0 = v.fma(Bf16Unpack.lanesWiden(w, p), a0);
                b0 = v.fma(Bf16Unpack.lanesWiden(w, p + Lanes.N), b0);
            }
            a0.add(a1).add(a2.add(a3)).intoArray(c, co);
            b0.add(b1).add(b2.add(b3)).intoArray(c, co + Lanes.N);
        }
    }

    /** 8-bit integers: a row times a panel. */
    static final class Int8Row extends JitKernel {
        static final JitKernel KERNEL = new Int8Row();

        private Int8Row() {}

        @Override
        protected void call(int vectors) {
            simd(X, 0, 5 * Math.min(vectors, 4), BYTES, 0, Y, 0);
        }

        static void simd(float[] a, int ao, int k, byte[] w, int wo, float[] c, int co) {
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
                FloatVector v = Lanes.all(a[x]);
                a0 = v.fma(Int8Unpack.lanesWiden(w, p), a0);
                b0 = v.fma(Int8Unpack.lanesWiden(w, p + Lanes.N), b0);
                v = Lanes.all(a[x + 1]);
                a1 = v.fma(Int8Unpack.lanesWiden(w, p + 2 * Lanes.N), a1);
                b1 = v.fma(Int8Unpack.lanesWiden(w, p + 3 * Lanes.N), b1);
                v = Lanes.all(a[x + 2]);
                a2 = v.fma(Int8Unpack.lanesWiden(w, p + 4 * Lanes.N), a2);
                b2 = v.fma(Int8Unpack.lanesWiden(w, p + 5 * Lanes.N), b2);
                v = Lanes.all(a[x + 3]);
                a3 = v.fma(Int8Unpack.lanesWiden(w, p + 6 * Lanes.N), a3);
                b3 = v.fma(Int8Unpack.lanesWiden(w, p + 7 * Lanes.N), b3);
            }
            for (; x < end; x++, p += 2 * Lanes.N) {
                FloatVector v = Lanes.all(a[x]);
                a0 = v.fma(Int8Unpack.lanesWiden(w, p), a0);
                b0 = v.fma(Int8Unpack.lanesWiden(w, p + Lanes.N), b0);
            }
            a0.add(a1).add(a2.add(a3)).intoArray(c, co);
            b0.add(b1).add(b2.add(b3)).intoArray(c, co + Lanes.N);
        }
    }

    /** bfloat16 to floats: n values, a whole number of vectors. */
    static final class Bf16Unpack extends JitKernel {
        static final JitKernel KERNEL = new Bf16Unpack();

        private static final VectorSpecies<Integer> INT =
                VectorSpecies.of(int.class, Lanes.F.vectorShape());
        private static final VectorSpecies<Short> SHORT =
                VectorSpecies.of(short.class, VectorShape.forBitSize(BITS / 2));

        private Bf16Unpack() {}

        @Override
        protected void call(int vectors) {
            simd(SHORTS, 0, Y, vectors * Lanes.N);
        }

        static void simd(short[] from, int at, float[] to, int n) {
            for (int i = 0; i < n; i += Lanes.N) {
                lanesWiden(from, at + i).intoArray(to, i);
            }
        }

        static FloatVector lanesWiden(short[] w, int at) {
            return ((IntVector)
                            ShortVector.fromArray(SHORT, w, at)
                                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, INT, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
        }
    }

    /** 8-bit integers to floats: n values, a whole number of vectors. */
    static final class Int8Unpack extends JitKernel {
        static final JitKernel KERNEL = new Int8Unpack();

        /** At least 64 bits, the smallest vector: then only its first part counts. */
        private static final VectorSpecies<Byte> BYTE =
                VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, BITS / 4)));

        private Int8Unpack() {}

        @Override
        protected void call(int vectors) {
            simd(BYTES, 0, Y, vectors * Lanes.N);
        }

        static void simd(byte[] from, int at, float[] to, int n) {
            for (int i = 0; i < n; i += Lanes.N) {
                lanesWiden(from, at + i).intoArray(to, i);
            }
        }

        static FloatVector lanesWiden(byte[] w, int at) {
            return (FloatVector)
                    ByteVector.fromArray(BYTE, w, at).convertShape(VectorOperators.B2F, Lanes.F, 0);
        }
    }
}
