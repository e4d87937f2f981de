package dev.skald.tensor.cpu;

/** Picks the kernels for this machine, once. */
final class KernelChoice {
    private static final Kernels BEST = choose();

    private KernelChoice() {}

    static Kernels best() {
        return BEST;
    }

    private static Kernels choose() {
        if (!hasVectors()) {
            return slow("start Java with --add-modules jdk.incubator.vector");
        }
        if (!Lanes.fast()) {
            return slow("this processor has no AVX2");
        }
        return new VectorKernels();
    }

    /** Whether this JVM knows the Vector API, be it as a module or on its boot class path. */
    static boolean hasVectors() {
        try {
            Class.forName("jdk.incubator.vector.FloatVector", false, null);
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    private static Kernels slow(String why) {
        System.getLogger(KernelChoice.class.getName())
                .log(
                        System.Logger.Level.WARNING,
                        "computing without vectors, many times slower: " + why);
        return new Kernels();
    }
}
