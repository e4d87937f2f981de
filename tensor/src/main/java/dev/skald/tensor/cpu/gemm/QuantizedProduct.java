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
 * Quantized weights as floats, scales left out, and one row times them. Order of sums and values
 * are those of {@link RowProduct} on the converted weights, so the bits are too; its scalar form is
 * the conversion ({@link Quantized#unpack}) followed by that of {@link BlockProduct}.
 *
 * <p>One row takes each weight once, so it is converted in registers. Several rows take it from a
 * strip of floats in the first cache: fused into the product of four rows, the conversion was no
 * faster, and needed a loop for each format. Panels are read two or four side by side: a core reads
 * memory a third faster in several streams than in one.
 */
final class QuantizedProduct {
    private static final int BITS = Lanes.F.vectorBitSize();

    private QuantizedProduct() {}

    /** bfloat16: a row times two panels. */
    static final class Bf16Row extends JitKernel {
        static final JitKernel KERNEL = new Bf16Row();

        private Bf16Row() {}

        @Override
        protected void call(int vectors) {
            simd(X, 0, vectors, SHORTS, 0, 0, Y, 0);
        }

        /** The panels begin at {@code w0} and {@code w1}. */
        static void simd(float[] a, int ao, int k, short[] w, int w0, int w1, float[] c, int co) {
            FloatVector zero = FloatVector.zero(Lanes.F);
            FloatVector a0 = zero;
            FloatVector b0 = zero;
            FloatVector a1 = zero;
            FloatVector b1 = zero;
            int p = w0;
            int q = w1;
            int end = ao + k;
            for (int x = ao; x < end; x++, p += 2 * Lanes.N, q += 2 * Lanes.N) {
                FloatVector v = Lanes.all(a[x]);
                a0 = v.fma(Bf16Unpack.lanesWiden(w, p), a0);
                b0 = v.fma(Bf16Unpack.lanesWiden(w, p + Lanes.N), b0);
                a1 = v.fma(Bf16Unpack.lanesWiden(w, q), a1);
                b1 = v.fma(Bf16Unpack.lanesWiden(w, q + Lanes.N), b1);
            }
            a0.intoArray(c, co);
            b0.intoArray(c, co + Lanes.N);
            a1.intoArray(c, co + 2 * Lanes.N);
            b1.intoArray(c, co + 3 * Lanes.N);
        }
    }

    /** 8-bit integers: a row times two panels. */
    static final class Int8Row extends JitKernel {
        static final JitKernel KERNEL = new Int8Row();

        private Int8Row() {}

        @Override
        protected void call(int vectors) {
            simd(X, 0, vectors, BYTES, 0, 0, Y, 0);
        }

        /** The panels begin at {@code w0} and {@code w1}. */
        static void simd(float[] a, int ao, int k, byte[] w, int w0, int w1, float[] c, int co) {
            FloatVector zero = FloatVector.zero(Lanes.F);
            FloatVector a0 = zero;
            FloatVector b0 = zero;
            FloatVector a1 = zero;
            FloatVector b1 = zero;
            int p = w0;
            int q = w1;
            int end = ao + k;
            for (int x = ao; x < end; x++, p += 2 * Lanes.N, q += 2 * Lanes.N) {
                FloatVector v = Lanes.all(a[x]);
                a0 = v.fma(Int8Unpack.lanesWiden(w, p), a0);
                b0 = v.fma(Int8Unpack.lanesWiden(w, p + Lanes.N), b0);
                a1 = v.fma(Int8Unpack.lanesWiden(w, q), a1);
                b1 = v.fma(Int8Unpack.lanesWiden(w, q + Lanes.N), b1);
            }
            a0.intoArray(c, co);
            b0.intoArray(c, co + Lanes.N);
            a1.intoArray(c, co + 2 * Lanes.N);
            b1.intoArray(c, co + 3 * Lanes.N);
        }
    }

    /** bfloat16 to floats. */
    static final class Bf16Unpack extends JitKernel {
        static final JitKernel KERNEL = new Bf16Unpack();

        private static final VectorSpecies<Integer> INT =
                VectorSpecies.of(int.class, Lanes.F.vectorShape());
        private static final VectorSpecies<Short> SHORT =
                VectorSpecies.of(short.class, VectorShape.forBitSize(BITS / 2));

        private Bf16Unpack() {}

        @Override
        protected void call(int vectors) {
            simd(SHORTS, 0, 0, 0, 0, Y, vectors * Lanes.N);
        }

        /** Four runs of n values, a whole number of vectors, one after the other. */
        static void simd(short[] w, int w0, int w1, int w2, int w3, float[] to, int n) {
            for (int i = 0; i < n; i += Lanes.N) {
                lanesWiden(w, w0 + i).intoArray(to, i);
                lanesWiden(w, w1 + i).intoArray(to, n + i);
                lanesWiden(w, w2 + i).intoArray(to, 2 * n + i);
                lanesWiden(w, w3 + i).intoArray(to, 3 * n + i);
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

    /** 8-bit integers to floats. */
    static final class Int8Unpack extends JitKernel {
        static final JitKernel KERNEL = new Int8Unpack();

        /** At least 64 bits, the smallest vector: then only its first part counts. */
        private static final VectorSpecies<Byte> BYTE =
                VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, BITS / 4)));

        private Int8Unpack() {}

        @Override
        protected void call(int vectors) {
            simd(BYTES, 0, 0, 0, 0, Y, vectors * Lanes.N);
        }

        /** Four runs of n values, a whole number of vectors, one after the other. */
        static void simd(byte[] w, int w0, int w1, int w2, int w3, float[] to, int n) {
            for (int i = 0; i < n; i += Lanes.N) {
                lanesWiden(w, w0 + i).intoArray(to, i);
                lanesWiden(w, w1 + i).intoArray(to, n + i);
                lanesWiden(w, w2 + i).intoArray(to, 2 * n + i);
                lanesWiden(w, w3 + i).intoArray(to, 3 * n + i);
            }
        }

        static FloatVector lanesWiden(byte[] w, int at) {
            return (FloatVector)
                    ByteVector.fromArray(BYTE, w, at).convertShape(VectorOperators.B2F, Lanes.F, 0);
        }
    }
}
