package dev.skald.tensor.cpu;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Picks the kernels for this machine, once. */
final class KernelChoice {
    private static final Kernels BEST = choose();

    private KernelChoice() {}

    static Kernels best() {
        return BEST;
    }

    private static Kernels choose() {
        if (!hasVectors()) {
            logger().warn(
                            "computing without vectors, many times slower: start Java with"
                                    + " --add-modules jdk.incubator.vector");
            return new Kernels();
        }
        if (!Lanes.fast()) {
            logger().warn(
                            "computing without vectors, many times slower: this processor has no AVX2");
            return new Kernels();
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

    private static Logger logger() {
        return LoggerFactory.getLogger(KernelChoice.class);
    }
}
