package dev.skald.chatterbox.voice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidRequestException;
import dev.skald.chatterbox.s3gen.S3Gen;
import dev.skald.chatterbox.s3gen.VoiceReference;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.io.Safetensors;
import dev.skald.tensor.io.SafetensorsWriter;
import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.TestDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Cloning, converting and keeping voices, with small random weights. */
class VoiceClonerTest {
    private static final int RATE = 22_050;

    private static GoldenSet set;
    private static TestDevice device;
    private static Parameters parameters;
    private static Ops ops;
    private static VoiceCloner cloner;

    @TempDir Path folder;

    @BeforeAll
    static void open() {
        set = GoldenSet.open(Path.of("src", "test", "resources", "goldens"));
        device = TestDevice.open(0);
        parameters = device.parameters();
        ops = device.ops();
        cloner = VoiceReferences.cloner(set, parameters);
    }

    @AfterAll
    static void close() {
        ops.close();
        device.close();
        set.close();
    }

    @Test
    void keepsAVoiceInAFile() throws IOException {
        VoiceConditionals voice = cloned(1.5, VoiceCloner.Rules.ORIGINAL);
        assertThat(voice.promptTokens()).hasSize(38);
        assertThat(voice.reference().frames()).isEqualTo(75);
        assertThat(voice.reference().tokens()).hasSize(37);
        Path file = folder.resolve("voice.safetensors");
        voice.write(file);
        try (Safetensors saved = Safetensors.open(file)) {
            VoiceConditionals read = VoiceConditionals.read(saved);
            assertThat(read.speaker()).isEqualTo(voice.speaker());
            assertThat(read.promptTokens()).isEqualTo(voice.promptTokens());
            assertThat(read.emotion()).isEqualTo(0.4f);
            VoiceReference reference = read.reference();
            assertThat(reference.tokens()).isEqualTo(voice.reference().tokens());
            assertThat(reference.mel()).isEqualTo(voice.reference().mel());
            assertThat(reference.xvector()).isEqualTo(voice.reference().xvector());
        }
    }

    @Test
    void refusesWhatIsNoToken() throws IOException {
        Path file = folder.resolve("bad.safetensors");
        new SafetensorsWriter()
                .add("t3.speaker_emb", new float[256], 1, 256)
                .add("gen.prompt_token", new float[] {1, 2.5f}, 1, 2)
                .add("gen.prompt_feat", new float[320], 1, 4, 80)
                .add("gen.embedding", new float[192], 1, 192)
                .write(file);
        try (Safetensors saved = Safetensors.open(file)) {
            assertThatThrownBy(() -> VoiceConditionals.read(saved))
                    .isInstanceOf(WeightException.class)
                    .hasMessageContaining("gen.prompt_token")
                    .hasMessageContaining("2.5");
        }
    }

    @Test
    void refusesClipsThatCannotBeCloned() {
        refuses(new float[RATE], VoiceCloner.Rules.ORIGINAL, "silent");
        refuses(new float[0], VoiceCloner.Rules.ORIGINAL, "0.0 s");
        refuses(clip(0.005), VoiceCloner.Rules.ORIGINAL, "cannot be cloned");
        refuses(clip(5), VoiceCloner.Rules.TURBO, "longer than 5 s");
        refuses(new float[601 * RATE], VoiceCloner.Rules.ORIGINAL, "at most 600 s");
        float[] broken = clip(1);
        broken[500] = Float.NaN;
        refuses(broken, VoiceCloner.Rules.ORIGINAL, "no numbers");
        assertThat(cloned(1, VoiceCloner.Rules.ORIGINAL).speaker()).hasSize(256); // still usable
    }

    @Test
    void loudnessOfAClipDoesNotMatterToTurbo() {
        VoiceCloner.Rules rules = new VoiceCloner.Rules(375, 15, 10, 0.5, -27);
        float[] clip = clip(2);
        float[] quiet = clip.clone();
        for (int i = 0; i < quiet.length; i++) {
            quiet[i] /= 8; // exact
        }
        float[] loud = cloner.clone(ops, clip, RATE, rules, 0).reference().mel();
        float[] soft = cloner.clone(ops, quiet, RATE, rules, 0).reference().mel();
        assertThat(soft).usingComparatorWithPrecision(1e-3f).containsExactly(loud);
    }

    /** The official code loses 50 tokens of such a clip: its last window lies in the one before. */
    @Test
    void tokenizesAllOfAClipOf53Seconds() {
        float[] clip = new float[16_000 * 53];
        float[] unit = clip(1.3);
        for (int i = 0; i < clip.length; i++) {
            clip[i] = unit[i % unit.length];
        }
        assertThat(cloner.tokenizer().tokens(ops, clip)).hasSize(53 * 25);
    }

    @Test
    void saysAClipInAnotherVoice() {
        VoiceReference voice = cloned(1, VoiceCloner.Rules.ORIGINAL).reference();
        S3Gen s3gen =
                S3Gen.load(
                        set.stage("s3gen").weights(),
                        parameters,
                        set.stage("s3gen").config().at("/estimator/attention_head_dim").asInt());
        VoiceConverter converter = new VoiceConverter(cloner.tokenizer(), s3gen);
        float[] said = converter.convert(ops, clip(2), RATE, voice, 5, () -> {});
        assertThat(said).hasSize(2 * 25 * S3Gen.SAMPLES_A_TOKEN);
        assertThat(converter.convert(ops, clip(2), RATE, voice, 5, () -> {})).isEqualTo(said);
        assertThat(converter.convert(ops, clip(2), RATE, voice, 6, () -> {})).isNotEqualTo(said);
        assertThatThrownBy(() -> converter.convert(ops, new float[RATE], RATE, voice, 5, () -> {}))
                .isInstanceOf(InvalidRequestException.class);
    }

    private static VoiceConditionals cloned(double seconds, VoiceCloner.Rules rules) {
        return cloner.clone(ops, clip(seconds), RATE, rules, 0.4f);
    }

    private static void refuses(float[] clip, VoiceCloner.Rules rules, String why) {
        assertThatThrownBy(() -> cloner.clone(ops, clip, RATE, rules, 0))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(why)
                .satisfies(e -> assertThat(e).message().hasLineCount(1));
    }

    /** Tones and noise. */
    private static float[] clip(double seconds) {
        Random random = new Random(9);
        float[] clip = new float[(int) (seconds * RATE)];
        for (int i = 0; i < clip.length; i++) {
            double t = (double) i / RATE;
            clip[i] =
                    (float)
                            (0.2 * Math.sin(2 * Math.PI * 180 * t)
                                    + 0.1 * Math.sin(2 * Math.PI * 720 * t * (1 + 0.1 * t))
                                    + 0.02 * random.nextGaussian());
        }
        return Arrays.copyOf(clip, clip.length);
    }
}
