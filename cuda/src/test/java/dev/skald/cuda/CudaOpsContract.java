package dev.skald.cuda;

import dev.skald.Precision;
import dev.skald.tensor.Backend;
import dev.skald.tensor.BackendProvider;
import dev.skald.tensor.DeviceSettings;
import dev.skald.testkit.ops.OpsContract;
import java.util.List;

/** The contract of all ops on a GPU. */
abstract class CudaOpsContract extends OpsContract {
    @Override
    protected List<Precision> precisions() {
        return List.of(Precision.AUTO, Precision.FP32, Precision.BF16);
    }

    @Override
    protected Backend open() {
        BackendProvider provider = new CudaProvider();
        return provider.open(provider.devices().getFirst(), DeviceSettings.threads(0));
    }
}
