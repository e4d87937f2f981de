package dev.skald.fuzz.faults;

import dev.skald.Precision;
import dev.skald.tensor.Backend;
import dev.skald.tensor.BackendProvider;
import dev.skald.tensor.DeviceSettings;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.cpu.CpuBackend;
import dev.skald.tensor.cpu.memory.ArenaFaults;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The device {@code faulty}: the processor, with an allocation that fails. Allocations are those of
 * every arena, and every parameter of a model that is packed.
 */
public final class FaultyDevice implements BackendProvider {
    private static final AtomicInteger UNTIL_FAULT = new AtomicInteger(-1);

    /** Streams and parameters that were opened and not closed. */
    static final AtomicInteger OPEN = new AtomicInteger();

    /** Called by {@link java.util.ServiceLoader}. */
    public FaultyDevice() {}

    private static volatile Runnable fault = () -> {};

    /**
     * Lets {@code count} allocations pass, and runs {@code fault} in the next one; no more.
     *
     * @param arenas whether those of arenas count beside parameters
     */
    static void failAfter(int count, boolean arenas, Runnable fault) {
        FaultyDevice.fault = fault;
        UNTIL_FAULT.set(count);
        ArenaFaults.before(arenas ? FaultyDevice::allocation : () -> {});
    }

    /** Whether the allocation that was to fail was reached. Nothing fails from now on. */
    static boolean failed() {
        ArenaFaults.before(() -> {});
        return UNTIL_FAULT.getAndSet(-1) < 0;
    }

    private static void allocation() {
        if (UNTIL_FAULT.get() >= 0 && UNTIL_FAULT.getAndDecrement() == 0) {
            fault.run();
        }
    }

    @Override
    public String kind() {
        return "faulty";
    }

    @Override
    public List<Device> devices() {
        return List.of(new Device("faulty", "a processor that runs out of memory", 0));
    }

    @Override
    public String unavailable() {
        return "";
    }

    @Override
    public int priority() {
        return -1;
    }

    @Override
    public Backend open(Device device, DeviceSettings settings) {
        CpuBackend cpu = CpuBackend.open(settings.threads());
        return new Backend() {
            @Override
            public String name() {
                return "faulty";
            }

            @Override
            public String description() {
                return cpu.description();
            }

            @Override
            public Parameters parameters(Precision precision) {
                return watched(Parameters.class, cpu.parameters(precision), true);
            }

            @Override
            public Ops open() {
                return watched(Ops.class, cpu.open(), false);
            }

            @Override
            public void close() {
                cpu.close();
            }
        };
    }

    private static <T> T watched(Class<T> type, T real, boolean allocates) {
        OPEN.incrementAndGet();
        return type.cast(
                Proxy.newProxyInstance(
                        type.getClassLoader(),
                        new Class<?>[] {type},
                        (proxy, method, arguments) -> {
                            if (method.getName().equals("close")) {
                                OPEN.decrementAndGet();
                            } else if (allocates) {
                                allocation();
                            }
                            try {
                                return method.invoke(real, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        }));
    }
}
