package dev.skald.tensor;

import dev.skald.Optimisation;
import dev.skald.spi.EngineContext;
import java.util.Set;

/**
 * How a device is opened.
 *
 * @param threads how many threads of the host may work on one op; 0 for one a physical core
 * @param memory bytes that may be taken of a memory of its own; 0 for all there is
 * @param without what is switched off
 */
public record DeviceSettings(int threads, long memory, Set<Optimisation> without) {
    public DeviceSettings {
        without = Set.copyOf(without);
    }

    /** With every optimisation. */
    public DeviceSettings(int threads, long memory) {
        this(threads, memory, Set.of());
    }

    /** With all of its memory. */
    public static DeviceSettings threads(int threads) {
        return new DeviceSettings(threads, 0);
    }

    /** What a context says of it. */
    public static DeviceSettings of(EngineContext context) {
        return new DeviceSettings(context.threads(), context.deviceMemory(), context.without());
    }
}
