package dev.skald.chatterbox.t3;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Precision;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.decode.SamplerSettings;
import dev.skald.tensor.decode.TokenDecoder;
import dev.skald.testkit.Card;
import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.SimulatedDriver;
import dev.skald.testkit.TestDevice;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The same on the simulated driver. */
@Card.Simulated(slow = true)
class SimulatedDeviceDecoderTest extends DeviceDecoderTest {
    /** Nobody synchronizes while tokens are drawn, so somebody must ask for what was launched. */
    @Test
    void tokensComeFromADriverThatGathersLaunches() {
        SimulatedDriver driver = SimulatedDriver.use();
        try (GoldenSet set = GoldenSet.open(Path.of("src/test/resources/goldens"));
                TestDevice device = TestDevice.open(2);
                Parameters parameters = device.backend().parameters(Precision.BF16);
                Ops ops = device.ops()) {
            T3 model = load(set.stage("t3_turbo"), parameters);
            float[] speaker = new float[model.speakerSize()];
            Arrays.fill(speaker, 0.05f);
            T3Prompt prompt = new T3Prompt(speaker, new int[] {1, 2, 3}, 0.5f);
            int[] text = {1, 2, 3};
            driver.set("gathers", 1);
            try (TokenDecoder decoder = model.decoder(ops, 2);
                    TokenDecoder.Prefix prefix =
                            decoder.prefix(model.condition(ops, prompt, Taps.NONE))) {
                Tensor x = ops.tensor(1, model.textRows(text), model.config().hidden());
                model.embedText(ops, text, false, x);
                int slot = decoder.join(prefix, x, SamplerSettings.TURBO, 1, 0, 12);
                long before = driver.get("cuStreamSynchronize");
                int tokens = 0;
                while (!decoder.ended(slot)) {
                    decoder.step();
                    tokens += decoder.poll(slot).length;
                }
                assertThat(tokens).isPositive();
                assertThat(driver.get("cuStreamSynchronize")).isEqualTo(before);
            } finally {
                driver.set("gathers", 0);
            }
        }
    }
}
