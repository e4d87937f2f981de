package dev.skald.testkit.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Optimisation;
import dev.skald.Precision;
import dev.skald.tensor.Backend;
import dev.skald.tensor.BackendProvider;
import dev.skald.tensor.DeviceSettings;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.cpu.CpuProvider;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The contract over the CPU with ops one by one and memory of its own for each tensor. */
class CpuWithoutTest extends OpsContract {
    private static Backend open(Set<Optimisation> without) {
        BackendProvider provider = new CpuProvider();
        return provider.open(provider.devices().getFirst(), new DeviceSettings(2, 0, without));
    }

    @Override
    protected Backend open() {
        return open(
                Set.of(
                        Optimisation.FUSED_ATTENTION,
                        Optimisation.FUSED_KERNELS,
                        Optimisation.POOL));
    }

    @Test
    void withoutBf16WeightsStayInFp32() {
        try (Backend plain = open(Set.of(Optimisation.BF16));
                Parameters parameters = plain.parameters();
                Parameters bytes = plain.parameters(Precision.INT8)) {
            assertThat(parameters.streamed()).isEqualTo(Precision.FP32);
            assertThat(bytes.streamed()).isEqualTo(Precision.FP32);
        }
    }
}
