package dev.skald.chatterbox.voice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weights;
import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.OpsProxies;
import dev.skald.testkit.TestDevice;
import java.nio.file.Path;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/** The networks that listen to a clip move no value between their beginning and their end. */
class ListeningNetworksTest {
    private static final Path GOLDENS = Path.of("src", "test", "resources", "goldens");

    private static void run(String stage, BiConsumer<Loaded, Ops> body) {
        try (GoldenSet set = GoldenSet.open(GOLDENS);
                TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            body.accept(new Loaded(set, stage, parameters), ops);
        }
    }

    private record Loaded(GoldenSet set, String stage, Parameters parameters) {
        Weights weights() {
            return set.stage(stage).weightsUnderPrefix();
        }
    }

    @Test
    void camPlus() {
        run(
                "campplus",
                (file, ops) -> {
                    CamPlus network = CamPlus.load(file.weights(), file.parameters());
                    Ops inside = OpsProxies.withoutTransfers(ops, "CamPlus");
                    Tensor x = network.forward(inside, ops.zeros(80, 230, 1), Taps.NONE);
                    assertThat(x.cols()).isEqualTo(network.dim());
                });
    }

    @Test
    void speechTokenizer() {
        run(
                "s3tok",
                (file, ops) -> {
                    SpeechTokenizer network =
                            SpeechTokenizer.load(file.weights(), file.parameters());
                    Ops inside = OpsProxies.withoutTransfers(ops, "SpeechTokenizer");
                    Tensor mel = ops.zeros(2, 101, network.bands());
                    Ops.Ints first = ops.ints(new int[2]);
                    Tensor codes =
                            network.forward(inside, mel, new int[] {101, 60}, first, Taps.NONE);
                    assertThat(codes.rows()).isEqualTo(26);
                });
    }

    @Test
    void voiceEncoder() {
        run(
                "ve",
                (file, ops) -> {
                    VoiceEncoder network = VoiceEncoder.load(file.weights(), file.parameters());
                    Ops inside = OpsProxies.withoutTransfers(ops, "VoiceEncoder");
                    Tensor windows = ops.zeros(3, 160, network.bands());
                    Tensor x = network.project(inside, network.hidden(inside, windows));
                    assertThat(x.cols()).isEqualTo(network.dim());
                });
    }
}
