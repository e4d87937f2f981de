package dev.skald.chatterbox.t3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skald.Precision;
import dev.skald.chatterbox.t3.T3Logits.Distance;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.decode.SamplerSettings;
import dev.skald.tensor.decode.TokenDecoder;
import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.TestDevice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class T3LogitsTest {
    private static final int TOKENS = 6;

    @ParameterizedTest
    @ValueSource(strings = {"t3_original", "t3_turbo"})
    void givenTokensHaveTheLogitsOfDrawnOnes(String stage) {
        try (GoldenSet set = GoldenSet.open(Path.of("src/test/resources/goldens"));
                TestDevice device = TestDevice.open(2);
                Parameters parameters = device.backend().parameters(Precision.BF16);
                Ops ops = device.ops()) {
            T3 model = DeviceDecoderTest.load(set.stage(stage), parameters);
            boolean llama = model.config().kind() == DecoderModel.Kind.LLAMA;
            float[] speaker = new float[model.speakerSize()];
            Arrays.fill(speaker, 0.05f);
            T3Prompt prompt = new T3Prompt(speaker, new int[] {1, 2, 3}, 0.5f);
            int[] text = {3, 1, 4, 1, 5};
            try (TokenDecoder decoder = model.decoder(ops, 2);
                    Ops.Scope ignored = ops.scope();
                    TokenDecoder.Prefix prefix =
                            decoder.prefix(model.condition(ops, prompt, Taps.NONE))) {
                T3Logits logits = new T3Logits(model, decoder, prefix, text);
                int[] tokens = logits.drawn(TOKENS);
                float[][] along = logits.along(tokens);

                Tensor x = ops.tensor(llama ? 2 : 1, model.textRows(text), model.config().hidden());
                model.embedText(ops, text, llama, x);
                SamplerSettings settings = llama ? SamplerSettings.ORIGINAL : SamplerSettings.TURBO;
                int slot = decoder.join(prefix, x, settings, 1, 0, TOKENS);
                List<float[]> drawn = new ArrayList<>(List.of(decoder.logits(slot)));
                while (drawn.size() < tokens.length) {
                    decoder.step();
                    drawn.add(decoder.logits(slot));
                }
                int v = model.config().speechVocabulary();
                assertThat(tokens).hasSizeGreaterThan(2);
                assertThat(along).hasNumberOfRows(tokens.length + 1);
                float[][] before = Arrays.copyOf(along, tokens.length);
                float[][] others = Arrays.copyOfRange(along, 1, tokens.length + 1);
                Distance same = Distance.of(before, drawn.toArray(float[][]::new), v);
                assertThat(same.rms()).isLessThan(0.01);
                assertThat(Distance.of(others, drawn.toArray(float[][]::new), v).rms())
                        .isGreaterThan(20 * same.rms());
            }
        }
    }

    @Test
    void distancesAreCounted() {
        float[][] expected = {{1, 3, -4}, {0, 2, -2}};
        float[][] found = {{1, 3.5f, -4}, {3, 2, -2}};
        Distance d = Distance.of(found, expected, 3);
        assertThat(d.most()).isEqualTo(3);
        assertThat(d.mean()).isCloseTo(3.5 / 6, within(1e-9));
        assertThat(d.rms()).isCloseTo(Math.sqrt(9.25 / 34), within(1e-9));
        assertThat(d.sameBest()).isEqualTo(0.5);
        assertThat(Distance.of(expected, expected, 3)).isEqualTo(new Distance(0, 0, 0, 1));
    }
}
