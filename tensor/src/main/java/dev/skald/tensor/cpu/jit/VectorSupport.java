package dev.skald.tensor.cpu.jit;

/** Whether this process computes with vectors, decided once. Works without the Vector API. */
public final class VectorSupport {
    /**
     * Overrides the width of vectors: 128, 256 or 512 bits, or 0 for none; for tests and for
     * finding faults.
     */
    public static final String PROPERTY = "skald.cpu.bits";

    private static final boolean USABLE = decide();

    private VectorSupport() {}

    /** Whether the vector kernels can run here and are worth it. */
    public static boolean isUsable() {
        return USABLE;
    }

    private static boolean decide() {
        if (Integer.getInteger(PROPERTY, -1) == 0) {
            return false;
        }
        if (!isPresent()) {
            warn("start Java with --add-modules jdk.incubator.vector");
            return false;
        }
        if (!Lanes.fast()) {
            warn("this processor has no AVX2");
            return false;
        }
        return true;
    }

    private static void warn(String why) {
        System.getLogger(VectorSupport.class.getName())
                .log(
                        System.Logger.Level.WARNING,
                        "computing without vectors, many times slower: " + why);
    }

    /** Whether this JVM knows the Vector API, be it as a module or on its boot class path. */
    private static boolean isPresent() {
        try {
            Class.forName("jdk.incubator.vector.FloatVector", false, null);
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }
}
