package dev.skald.tensor.cpu;

import dev.skald.tensor.Backend;
import dev.skald.tensor.BackendProvider;
import dev.skald.tensor.DeviceSettings;
import java.util.List;

/** Offers this machine's processor. */
public final class CpuProvider implements BackendProvider {
    /** Called by {@link java.util.ServiceLoader}. */
    public CpuProvider() {}

    @Override
    public String kind() {
        return "cpu";
    }

    @Override
    public List<Device> devices() {
        return List.of(new Device("cpu", CpuKernels.best().name() + " kernels", 0));
    }

    @Override
    public String unavailable() {
        return "";
    }

    @Override
    public int priority() {
        return 0;
    }

    @Override
    public void prepare() {
        Thread.ofPlatform().daemon().name("skald-cpu-prepare").start(CpuBackend::prepare);
    }

    @Override
    public Backend open(Device device, DeviceSettings settings) {
        return CpuBackend.open(settings);
    }
}
