package dev.skald.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Precision;
import dev.skald.tensor.Backend;
import dev.skald.tensor.BackendProvider;
import dev.skald.tensor.DeviceSettings;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.testkit.ops.OpsContract;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The contract of all ops on a GPU. */
abstract class CudaOpsContract extends OpsContract {
    @Override
    protected List<Precision> precisions() {
        return List.of(Precision.AUTO, Precision.FP32, Precision.BF16);
    }

    /** 300 times 300 is more than fp16 holds. */
    @Test
    void whatFp16CannotHoldIsCut() {
        try (Backend backend = open();
                Parameters parameters = backend.parameters();
                Ops ops = backend.open()) {
            Linear map =
                    parameters.linear(
                            Weight.of("w", new float[] {300, -300, 1, 2, 3, 4, 5, 6}, 8, 1),
                            null,
                            Role.WORKING);
            Tensor x = ops.tensor(1, 1, 1);
            ops.fill(x, 300);
            Tensor y = ops.operand(x, 8, map);
            ops.linear(x, map, Epilogue.NONE, y);
            assertThat(ops.read(y)).startsWith(65504, -65504, 300, 600);
            ops.fill(y, 1e6f);
            assertThat(ops.read(y)).containsOnly(65504);
        }
    }

    @Override
    protected Backend open() {
        BackendProvider provider = new CudaProvider();
        return provider.open(provider.devices().getFirst(), DeviceSettings.threads(0));
    }
}
