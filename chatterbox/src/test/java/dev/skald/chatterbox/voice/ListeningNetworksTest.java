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
import java.util.Arrays;
import java.util.List;
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

    /** A clip of more than 30 s is cut, the others of its batch are not. */
    @Test
    void aBatchWithALongClipHasTheTokensOfEachAlone() {
        run(
                "s3tok",
                (file, ops) -> {
                    SpeechTokenizer network =
                            SpeechTokenizer.load(file.weights(), file.parameters());
                    float[] unit = file.set().stage("s3tok").cases().getFirst().floats("in.wav0");
                    float[] longer = new float[483_200];
                    for (int i = 0; i < longer.length; i++) {
                        longer[i] = unit[i % unit.length];
                    }
                    List<float[]> clips = List.of(longer, Arrays.copyOf(unit, 20_333));
                    SpeechTokenizer.Codes both =
                            network.codes(ops, clips, Integer.MAX_VALUE, Taps.NONE);
                    for (int i = 0; i < clips.size(); i++) {
                        int from = i * both.longest();
                        int[] alone = network.tokens(ops, clips.get(i));
                        assertThat(Arrays.copyOfRange(both.codes(), from, from + both.lengths()[i]))
                                .containsExactly(alone);
                    }
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
