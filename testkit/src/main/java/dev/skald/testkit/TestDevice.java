package dev.skald.testkit;

import dev.skald.Precision;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Devices;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;

/**
 * The device that tests compute on: the CPU, or what {@code -Dskald.test.device=cuda:0} says, so
 * that the same test body runs on any of them.
 *
 * @param lease of the device
 */
public record TestDevice(Devices.Lease lease) implements AutoCloseable {
    /** The system property that names the device. */
    public static final String PROPERTY = "skald.test.device";

    /** Opens it with a thread a physical core. */
    public static TestDevice open() {
        return open(0);
    }

    /** Opens it. */
    public static TestDevice open(int threads) {
        return new TestDevice(Devices.open(name(), threads));
    }

    /** The name of it. */
    public static String name() {
        return System.getProperty(PROPERTY, "cpu");
    }

    public Backend backend() {
        return lease.backend();
    }

    /** A scope for weights in fp32, as golden values were made. */
    public Parameters parameters() {
        return backend().parameters(Precision.FP32);
    }

    public Ops ops() {
        return backend().open();
    }

    @Override
    public void close() {
        lease.close();
    }
}
