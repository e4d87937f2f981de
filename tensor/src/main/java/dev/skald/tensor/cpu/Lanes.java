package dev.skald.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The vectors this process computes with: as wide as the machine's, decided once. */
final class Lanes {
    /** Overrides the width: 128, 256 or 512 bits; for tests and for finding faults. */
    static final String PROPERTY = "skald.cpu.bits";

    static final VectorSpecies<Float> F = choose();

    /** Values a vector holds. */
    static final int N = F.length();

    private Lanes() {}

    private static VectorSpecies<Float> choose() {
        return switch (Integer.getInteger(PROPERTY, 0)) {
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
     * holds eight rows of two vectors, otherwise six.
     */
    static boolean manyRegisters() {
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
