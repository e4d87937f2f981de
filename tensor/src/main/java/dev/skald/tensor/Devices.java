package dev.skald.tensor;

import dev.skald.spi.EngineContext;
import dev.skald.tensor.BackendProvider.Device;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The devices of this machine, each opened once a process and shared by all that use it. Safe for
 * many threads.
 */
public final class Devices {
    /** Any device: the best there is. */
    public static final String AUTO = "auto";

    private record Key(String name, DeviceSettings settings) {
        /** Threads of the host do not change a device that has memory of its own. */
        static Key of(Device device, DeviceSettings s) {
            int threads = device.memory() > 0 ? 0 : s.threads();
            return new Key(device.name(), new DeviceSettings(threads, s.memory(), s.without()));
        }
    }

    private static final class Shared {
        private final Backend backend;
        private int users;

        Shared(Backend backend) {
            this.backend = backend;
        }
    }

    private static final Map<Key, Shared> OPEN = new HashMap<>();

    private Devices() {}

    /** Loaded once: devices do not come and go while a process runs. */
    private static final class Providers {
        static final List<BackendProvider> ALL =
                ServiceLoader.load(BackendProvider.class, Devices.class.getClassLoader()).stream()
                        .map(ServiceLoader.Provider::get)
                        .sorted(Comparator.comparingInt(BackendProvider::priority).reversed())
                        .toList();
    }

    /** The kinds of devices that this program can use, best first. */
    public static List<BackendProvider> providers() {
        return Providers.ALL;
    }

    /** See {@link BackendProvider#prepare}. */
    public static void prepare() {
        providers().forEach(BackendProvider::prepare);
    }

    /** The device of that name, opened or not: {@code auto}, {@code cpu}, {@code cuda:1}. */
    public static Device find(String name) {
        return find(name, p -> true);
    }

    /**
     * The device of that name.
     *
     * @param name {@code auto}, a kind ({@code cuda} is its first device) or a device
     * @param suits which kinds {@code auto} may take
     * @throws IllegalArgumentException in one line that lists what there is, if there is no such
     *     device
     */
    public static Device find(String name, Predicate<BackendProvider> suits) {
        String wanted = name.toLowerCase(Locale.ROOT);
        for (BackendProvider provider : providers()) {
            boolean any = wanted.equals(AUTO) && suits.test(provider);
            if (!any
                    && !wanted.equals(provider.kind())
                    && !wanted.startsWith(provider.kind() + ":")) {
                continue;
            }
            List<Device> devices = provider.devices();
            for (Device device : devices) {
                if (any || wanted.equals(provider.kind()) || wanted.equals(device.name())) {
                    return device;
                }
            }
            if (!any && devices.isEmpty()) {
                throw new IllegalArgumentException(
                        "there is no device '" + name + "': " + provider.unavailable());
            }
        }
        throw new IllegalArgumentException(
                "there is no device '" + name + "': this machine has " + names());
    }

    private static String names() {
        List<String> names = new ArrayList<>();
        providers().forEach(p -> p.devices().forEach(d -> names.add(d.name())));
        return names.stream().collect(Collectors.joining(", "));
    }

    /**
     * Opens a device, or takes the one that is open and not lost. To be given back by {@link
     * Lease#close}.
     *
     * @throws DeviceException if it cannot be opened
     */
    public static Lease open(Device device, DeviceSettings settings) {
        synchronized (OPEN) {
            Key key = Key.of(device, settings);
            Shared shared = OPEN.get(key);
            if (shared == null || shared.backend.lost()) {
                shared = new Shared(provider(device).open(device, settings));
                OPEN.put(key, shared);
            }
            shared.users++;
            return new Lease(key, shared);
        }
    }

    /**
     * The same by name, with all of its memory.
     *
     * @throws IllegalArgumentException as {@link #find}
     */
    public static Lease open(String name, int threads) {
        return open(find(name), DeviceSettings.threads(threads));
    }

    /** The first that a context names; see {@link #find(String, Predicate)}. */
    public static Lease open(EngineContext context, Predicate<BackendProvider> suits) {
        return open(find(context.devices().getFirst(), suits), DeviceSettings.of(context));
    }

    private static BackendProvider provider(Device device) {
        for (BackendProvider provider : providers()) {
            if (device.name().equals(provider.kind())
                    || device.name().startsWith(provider.kind() + ":")) {
                return provider;
            }
        }
        throw new IllegalArgumentException("there is no device '" + device.name() + "'");
    }

    /** The use of a device. The last one to close it frees the device. */
    public static final class Lease implements AutoCloseable {
        private final Key key;
        private final Shared shared;
        private boolean closed;

        private Lease(Key key, Shared shared) {
            this.key = key;
            this.shared = shared;
        }

        /** The device; not to be closed by who leases it. */
        public Backend backend() {
            return shared.backend;
        }

        @Override
        public void close() {
            synchronized (OPEN) {
                if (closed) {
                    return;
                }
                closed = true;
                if (--shared.users == 0) {
                    OPEN.remove(key, shared);
                    shared.backend.close();
                }
            }
        }
    }
}
