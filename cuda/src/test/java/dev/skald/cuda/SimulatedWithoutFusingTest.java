package dev.skald.cuda;

import dev.skald.Optimisation;
import dev.skald.tensor.Backend;
import dev.skald.tensor.BackendProvider;
import dev.skald.tensor.DeviceSettings;
import dev.skald.testkit.Card;
import java.util.Set;

/** The contract of all ops on the simulated driver with ops one by one, recorded all the same. */
@Card.Simulated
class SimulatedWithoutFusingTest extends CudaOpsContract {
    @Override
    protected Backend open() {
        BackendProvider provider = new CudaProvider();
        Set<Optimisation> without =
                Set.of(Optimisation.FUSED_ATTENTION, Optimisation.FUSED_KERNELS);
        return provider.open(provider.devices().getFirst(), new DeviceSettings(0, 0, without));
    }
}
