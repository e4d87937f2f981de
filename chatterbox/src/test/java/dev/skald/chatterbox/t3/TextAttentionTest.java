package dev.skald.chatterbox.t3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skald.Precision;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.testkit.GoldenFile;
import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.TestDevice;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is attended to is the same whether tokens come one by one or all at once. */
class TextAttentionTest {
    private static final int[] TEXT = {3, 14, 15, 9, 2, 6};
    private static final int[] SPEECH = {31, 41, 59, 26, 53, 58, 97, 93, 23, 84};

    @ParameterizedTest
    @ValueSource(strings = {"t3_original", "t3_multilingual"})
    void tokensMayComeAsTheyAreDrawn(String stage) {
        try (GoldenSet set = GoldenSet.open(Path.of("src/test/resources/goldens"));
                TestDevice device = TestDevice.open(2);
                Parameters parameters = device.backend().parameters(Precision.FP32);
                Ops ops = device.ops()) {
            GoldenFile file = set.stage(stage);
            T3 model = T3.load(parameters, file.weightsUnderPrefix(), T3GoldenStage.config(file));
            float[] speaker = new float[model.speakerSize()];
            Arrays.fill(speaker, 0.05f);
            int last = model.config().layers() - 1;
            int[][] heads = {{0, 0}, {last, model.config().heads() - 1}};
            try (T3Prefix prefix =
                            model.prefix(ops, new T3Prompt(speaker, new int[] {5, 6, 7}, 0.5f));
                    TextAttention whole = attention(model, ops, prefix, heads);
                    TextAttention parts = attention(model, ops, prefix, heads)) {
                List<float[]> all = whole.follow(SPEECH, SPEECH.length);
                assertThat(all).hasSize(SPEECH.length);
                for (int n : new int[] {1, 4, 4, 9, SPEECH.length}) {
                    assertThat(parts.follow(SPEECH, n)).hasSize(n);
                }
                for (int t = 0; t < SPEECH.length; t++) {
                    float[] one = all.get(t);
                    float[] other = parts.follow(SPEECH, SPEECH.length).get(t);
                    double sum = 0;
                    for (int j = 0; j < TEXT.length; j++) {
                        assertThat(other[j]).isCloseTo(one[j], within(1e-3f));
                        sum += Math.exp(one[j]);
                    }
                    assertThat(sum).isCloseTo(1, within(1e-3));
                }
                assertThat(all.getFirst()).isNotEqualTo(all.getLast());
            }
        }
    }

    private static TextAttention attention(T3 model, Ops ops, T3Prefix prefix, int[][] heads) {
        return new TextAttention(model, ops, prefix, TEXT, 20, heads);
    }
}
