package dev.skald.tensor;

import java.util.List;

/**
 * Offers devices of one kind; found by {@link java.util.ServiceLoader} and asked by {@link
 * Devices}. Safe for many threads.
 */
public interface BackendProvider {
    /** The kind: {@code cpu}, {@code cuda}. */
    String kind();

    /** The devices of this kind that can be opened, best first; quick, and opens none. */
    List<Device> devices();

    /** Why {@link #devices} is empty, in one line that says what to do; empty if it is not. */
    String unavailable();

    /** Whether {@code auto} should take this kind before one with a lower number: 0 for a CPU. */
    int priority();

    /**
     * Begins, on another thread, what opening a device will need, and returns at once: for a
     * program that is going to compute soon.
     */
    default void prepare() {}

    /**
     * Opens a device.
     *
     * @param device one of {@link #devices}
     * @throws DeviceException if it cannot be opened
     */
    Backend open(Device device, DeviceSettings settings);

    /**
     * A device that can be opened.
     *
     * @param name {@code cpu}, {@code cuda:0}
     * @param description for people: the processor or the card
     * @param memory bytes of its own memory; 0 if it shares the host's
     */
    record Device(String name, String description, long memory) {}
}
