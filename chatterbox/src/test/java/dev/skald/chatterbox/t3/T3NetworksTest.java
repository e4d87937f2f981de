package dev.skald.chatterbox.t3;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.nn.Loader;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.testkit.GoldenFile;
import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.OpsProxies;
import dev.skald.testkit.TestDevice;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** T3's networks move no value between their beginning and their end. */
class T3NetworksTest {
    @ParameterizedTest
    @ValueSource(strings = {"t3_original", "t3_turbo"})
    void noValueMovesInsideANetwork(String stage) {
        try (GoldenSet set = GoldenSet.open(Path.of("src/test/resources/goldens"));
                TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            GoldenFile file = set.stage(stage);
            T3 model = T3.load(parameters, file.weightsUnderPrefix(), T3GoldenStage.config(file));
            int c = model.config().hidden();
            AtomicBoolean within = new AtomicBoolean();
            Ops watched = OpsProxies.withoutTransfers(ops, "Transformer", within::get);
            try (KvCache cache = KvCache.of(watched, model, 32)) {
                KvRows rows = new KvRows(watched, model, List.of(cache));
                for (int count : new int[] {5, 1}) {
                    within.set(false);
                    rows.advance(count);
                    within.set(true);
                    Tensor x = ops.zeros(1, count, c);
                    Tensor y = model.transformer().forward(watched, x, rows, Taps.NONE);
                    assertThat(y.rows()).isEqualTo(count);
                }
            }
            int heads = model.config().perceiverHeads();
            if (heads > 0) {
                Loader load = Loader.of(file.weightsUnderPrefix(), parameters);
                Perceiver perceiver = new Perceiver(load.under("cond_enc", "perceiver"), c, heads);
                Tensor out = ops.tensor(1, perceiver.rows(), c);
                Ops inside = OpsProxies.withoutTransfers(ops, "Perceiver");
                perceiver.resample(inside, ops.zeros(1, 9, c), out, Taps.NONE);
            }
        }
    }
}
