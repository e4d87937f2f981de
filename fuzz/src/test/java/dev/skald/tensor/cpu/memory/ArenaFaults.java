package dev.skald.tensor.cpu.memory;

/** What this package alone may do: have an allocation of any arena fail. */
public final class ArenaFaults {
    private ArenaFaults() {}

    /** Runs before each allocation, and may throw. */
    public static void before(Runnable allocation) {
        Arena.beforeAllocation = allocation;
    }
}
