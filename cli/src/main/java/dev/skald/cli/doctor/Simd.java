package dev.skald.cli.doctor;

import jdk.incubator.vector.FloatVector;

/** The width of the machine's vectors. Touch it only where the Vector API's module is present. */
final class Simd {
    private Simd() {}

    static boolean present() {
        try {
            Class.forName("jdk.incubator.vector.FloatVector", false, null);
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    static int bits() {
        return FloatVector.SPECIES_PREFERRED.vectorBitSize();
    }
}
