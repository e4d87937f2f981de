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
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
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

    private static Logger logger() {
        return LoggerFactory.getLogger(KernelChoice.class);
    }
}
