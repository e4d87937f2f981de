package dev.skald.tensor.cpu.jit;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** The vectors this process computes with: as wide as the machine's, decided once. */
public final class Lanes {
    public static final VectorSpecies<Float> F = choose();

    /** Values a vector holds. */
    public static final int N = F.length();

    /** By how much halves are shifted to be added, the widest first. */
    private static final VectorShuffle<Float> S8 = shift(8);

    private static final VectorShuffle<Float> S4 = shift(4);
    private static final VectorShuffle<Float> S2 = shift(2);
    private static final VectorShuffle<Float> S1 = shift(1);

    private Lanes() {}

    private static VectorShuffle<Float> shift(int by) {
        return VectorShuffle.iota(F, by % N, 1, true);
    }

    /** A vector of equal values: kernels keep their constants so, to spare C2's node budget. */
    public static FloatVector all(float v) {
        return FloatVector.broadcast(F, v);
    }

    /** The values from x[i] on. */
    public static FloatVector at(float[] x, int i) {
        return FloatVector.fromArray(F, x, i);
    }

    /**
     * The sum of the lanes, upper half onto lower half again and again: a fixed order, which
     * reduceLanes does not promise.
     */
    public static float sum(FloatVector v) {
        FloatVector s = v;
        if (N > 8) {
            s = s.add(s.rearrange(S8));
        }
        if (N > 4) {
            s = s.add(s.rearrange(S4));
        }
        s = s.add(s.rearrange(S2));
        return s.add(s.rearrange(S1)).lane(0);
    }

    private static VectorSpecies<Float> choose() {
        return switch (Integer.getInteger(VectorSupport.PROPERTY, -1)) {
            case 128 -> FloatVector.SPECIES_128;
            case 256 -> FloatVector.SPECIES_256;
            case 512 -> FloatVector.SPECIES_512;
            default ->
                    FloatVector.SPECIES_PREFERRED.length() > 16
                            ? FloatVector.SPECIES_512
                            : FloatVector.SPECIES_PREFERRED;
        };
    }

    /**
     * Whether the machine has 32 vector registers (AVX-512, Arm) rather than 16: then a kernel
     * holds eight rows of two vectors, otherwise four.
     */
    public static boolean manyRegisters() {
        return !isX86() || FloatVector.SPECIES_PREFERRED.length() >= 16;
    }

    /**
     * Whether vectors are worth it: x86 processors before AVX2 lack the fused multiply-add, which
     * then is emulated slowly.
     */
    static boolean fast() {
        return !isX86() || FloatVector.SPECIES_PREFERRED.length() >= 8;
    }

    private static boolean isX86() {
        String arch = System.getProperty("os.arch", "");
        return arch.equals("amd64") || arch.equals("x86_64");
    }
}
