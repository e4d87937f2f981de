package dev.skald.cuda;

import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.CudaException;
import dev.skald.cuda.driver.Driver;
import dev.skald.tensor.Backend;
import dev.skald.tensor.BackendProvider;
import dev.skald.tensor.DeviceSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Supplier;

/** Offers the NVIDIA GPUs of this machine. */
public final class CudaProvider implements BackendProvider {
    private final Supplier<Driver> driver;

    /** Called by {@link java.util.ServiceLoader}. */
    public CudaProvider() {
        this(Driver::get);
    }

    CudaProvider(Supplier<Driver> driver) {
        this.driver = driver;
    }

    @Override
    public String kind() {
        return "cuda";
    }

    @Override
    public List<Device> devices() {
        try {
            Driver driver = this.driver.get();
            List<Device> devices = new ArrayList<>();
            for (int i = 0; i < driver.devices(); i++) {
                if (driver.computeCapability(i) >= 80) {
                    devices.add(new Device("cuda:" + i, driver.name(i), driver.memory(i)));
                }
            }
            return devices;
        } catch (CudaException e) {
            return List.of();
        }
    }

    @Override
    public String unavailable() {
        try {
            Driver driver = this.driver.get();
            if (driver.devices() == 0) {
                return "there is no NVIDIA GPU on this machine";
            }
            int capability = driver.computeCapability(0);
            return String.format(
                    Locale.ROOT,
                    "%s has compute capability %d.%d, Skald needs 8.0 (RTX 30) or later:"
                            + " use --device cpu",
                    driver.name(0),
                    capability / 10,
                    capability % 10);
        } catch (CudaException e) {
            return Objects.requireNonNullElse(e.getMessage(), "the NVIDIA driver failed");
        }
    }

    @Override
    public int priority() {
        return 10;
    }

    @Override
    public Backend open(Device device, DeviceSettings settings) {
        int index = Integer.parseInt(device.name().substring(5));
        return new CudaBackend(Context.open(index, settings.memory(), settings.without()));
    }
}
