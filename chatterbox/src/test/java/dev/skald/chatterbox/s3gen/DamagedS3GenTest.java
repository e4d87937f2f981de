package dev.skald.chatterbox.s3gen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.chatterbox.voice.CamPlus;
import dev.skald.chatterbox.voice.SpeechTokenizer;
import dev.skald.chatterbox.voice.VoiceEncoder;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.Weights;
import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.TestDevice;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Checkpoints with something missing or of the wrong shape, and inputs that make no sense. */
class DamagedS3GenTest {
    /** What tells a dimension that no other tensor has. */
    private static final Set<String> DIMENSIONS =
            Set.of(
                    "flow.spk_embed_affine_layer.weight",
                    "mel2wav.m_source.l_linear.weight",
                    "tokenizer.encoder.blocks.0.attn.fsmn_block.weight");

    private static GoldenSet set;
    private static TestDevice device;
    private static Parameters parameters;
    private static Weights whole;

    @BeforeAll
    static void open() {
        set = GoldenSet.open(Path.of("src", "test", "resources", "goldens"));
        device = TestDevice.open(1);
        parameters = device.parameters();
        whole = set.stage("s3gen").weights();
    }

    @AfterAll
    static void close() {
        device.close();
        set.close();
    }

    private static void load(Weights weights) {
        S3Gen.load(weights, parameters, 32);
        SpeechTokenizer.load(weights.under("tokenizer."), parameters);
        CamPlus.load(weights.under("speaker_encoder."), parameters);
    }

    @Test
    void namesWhatIsMissingOrMisshapen() {
        List<String> names =
                whole.names().stream()
                        .filter(n -> n.matches("(flow|mel2wav|tokenizer|speaker_encoder)\\..*"))
                        .filter(n -> !n.matches(".*(num_batches_tracked|_mel_filters|window)"))
                        .filter(n -> !DIMENSIONS.contains(n))
                        .sorted()
                        .toList();
        Random random = new Random(5);
        int refused = 0;
        for (int i = 0; i < 80; i++) {
            String name = names.get(random.nextInt(names.size()));
            boolean missing = random.nextBoolean();
            try {
                load(new Changed(name, missing));
            } catch (WeightException e) {
                refused++;
                assertThat(e).message().hasLineCount(1);
                continue;
            }
            // the last of a list may be missing: the network is then a smaller one
            assertThat(missing).as("%s of another shape was taken", name).isTrue();
        }
        assertThat(refused).isGreaterThan(40);
        load(whole);
    }

    @Test
    void refusesACheckpointOfAnotherModel() {
        Weights other = set.stage("t3_turbo").weights();
        for (Consumer<Weights> loader :
                List.<Consumer<Weights>>of(
                        DamagedS3GenTest::load, w -> VoiceEncoder.load(w, parameters))) {
            assertThatThrownBy(() -> loader.accept(other))
                    .isInstanceOf(WeightException.class)
                    .hasMessageContaining("another model");
        }
    }

    @Test
    void refusesTokensAndVoicesThatMakeNoSense() {
        S3Gen model = S3Gen.load(whole, parameters, 32);
        VoiceReference voice = S3GenGoldens.given(set.stage("s3gen").cases().getFirst());
        try (Ops ops = device.ops()) {
            for (int bad : new int[] {-1, 6561, Integer.MAX_VALUE}) {
                assertThatThrownBy(() -> model.speak(ops, voice, new int[] {5, bad}, 1))
                        .hasMessageContaining("speech token " + bad);
            }
            assertThatThrownBy(() -> model.speak(ops, voice, new int[0], 1))
                    .hasMessageContaining("too few");
            VoiceReference small =
                    new VoiceReference(voice.tokens(), voice.mel(), voice.frames(), new float[7]);
            assertThatThrownBy(() -> model.speak(ops, small, new int[] {5}, 1))
                    .hasMessageContaining("x-vector");
            assertThat(model.speak(ops, voice, new int[] {5}, 1)).hasSize(960);
        }
    }

    /** The good checkpoint with one tensor gone, or one row larger. */
    private record Changed(String name, boolean missing) implements Weights {
        @Override
        public Set<String> names() {
            return whole.names();
        }

        @Override
        public boolean has(String n) {
            return whole.has(n) && !(missing && n.equals(name));
        }

        @Override
        public Weight get(String n) {
            if (!n.equals(name)) {
                return whole.get(n);
            }
            if (missing) {
                throw new WeightException("there is no tensor '" + n + "'");
            }
            int[] shape = whole.get(n).shape();
            shape[shape.length - 1] += 1;
            return Weight.of(n, new float[Arrays.stream(shape).reduce(1, (a, b) -> a * b)], shape);
        }
    }
}
