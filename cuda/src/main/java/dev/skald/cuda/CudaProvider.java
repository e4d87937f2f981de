package dev.skald.cuda;

import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.CudaException;
import dev.skald.cuda.driver.Driver;
import dev.skald.tensor.Backend;
import dev.skald.tensor.BackendProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Offers the NVIDIA GPUs of this machine. */
public final class CudaProvider implements BackendProvider {
    /** Called by {@link java.util.ServiceLoader}. */
    public CudaProvider() {}

    @Override
    public String kind() {
        return "cuda";
    }

    @Override
    public List<Device> devices() {
        try {
            Driver driver = Driver.get();
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
            return Driver.get().devices() == 0
                    ? "there is no NVIDIA GPU on this machine"
                    : "no NVIDIA GPU here has compute capability 8.0 (RTX 30) or later";
        } catch (CudaException e) {
            return Objects.requireNonNullElse(e.getMessage(), "the NVIDIA driver failed");
        }
    }

    @Override
    public int priority() {
        return 10;
    }

    @Override
    public Backend open(Device device, int threads) {
        return new CudaBackend(Context.open(Integer.parseInt(device.name().substring(5))));
    }
}
