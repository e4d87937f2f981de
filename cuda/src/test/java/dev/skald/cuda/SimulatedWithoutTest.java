package dev.skald.cuda;

import dev.skald.Optimisation;
import dev.skald.tensor.Backend;
import dev.skald.tensor.BackendProvider;
import dev.skald.tensor.DeviceSettings;
import dev.skald.testkit.Card;
import java.util.Set;

/** The contract of all ops on the simulated driver with none of what makes a GPU fast. */
@Card.Simulated
class SimulatedWithoutTest extends CudaOpsContract {
    @Override
    protected Backend open() {
        BackendProvider provider = new CudaProvider();
        Set<Optimisation> without =
                Set.of(
                        Optimisation.FUSED_ATTENTION,
                        Optimisation.FUSED_KERNELS,
                        Optimisation.GRAPHS,
                        Optimisation.PINNED,
                        Optimisation.POOL);
        return provider.open(provider.devices().getFirst(), new DeviceSettings(0, 0, without));
    }
}
