package dev.skald.cuda;

import dev.skald.Precision;
import dev.skald.tensor.Backend;
import dev.skald.tensor.BackendProvider;
import dev.skald.testkit.ops.OpsContract;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;

/** The contract of all ops over the kernels, run by a simulated driver. */
class SimulatedCudaOpsTest extends OpsContract {
    @BeforeAll
    static void simulate() {
        SimulatedDriver.use();
    }

    @Override
    protected List<Precision> precisions() {
        return List.of(Precision.AUTO, Precision.FP32, Precision.BF16);
    }

    @Override
    protected Backend open() {
        BackendProvider provider = new CudaProvider();
        return provider.open(provider.devices().getFirst(), 0);
    }
}
