package dev.skald.chatterbox.s3gen;

import dev.skald.chatterbox.ChatterboxModel;
import dev.skald.chatterbox.Utterances;
import dev.skald.chatterbox.t3.T3;
import dev.skald.chatterbox.t3.T3Config;
import dev.skald.chatterbox.t3.T3GoldenStage;
import dev.skald.chatterbox.t3.T3Prompt;
import dev.skald.chatterbox.t3.T3State;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.decode.Sampler;
import dev.skald.tensor.decode.SamplerSettings;
import dev.skald.testkit.GoldenCase;
import dev.skald.testkit.GoldenFile;
import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.GoldenStage;
import dev.skald.testkit.Taps;
import dev.skald.testkit.TestDevice;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Stage {@code pipeline}: text to waveform with the files of the other stages. */
public final class PipelineGoldens implements GoldenStage {
    @Override
    public String stage() {
        return "pipeline";
    }

    @Override
    public void run(GoldenCase golden, Taps taps) {
        JsonNode params = golden.params();
        GoldenSet set = golden.file().set();
        switch (golden.name().split("[^a-z]")[0]) {
            case "tts" -> run(golden, taps, ChatterboxModel.ORIGINAL, "t3_original", "s3gen");
            case "turbo" -> run(golden, taps, ChatterboxModel.TURBO, "t3_turbo", "s3gen_meanflow");
            case "mtl" ->
                    run(golden, taps, ChatterboxModel.MULTILINGUAL_V2, "t3_multilingual", "s3gen");
            default -> throw new AssertionError("nothing runs " + golden + " of " + set + params);
        }
    }

    private static void run(
            GoldenCase golden, Taps taps, ChatterboxModel model, String t3Stage, String s3Stage) {
        GoldenSet set = golden.file().set();
        JsonNode params = golden.params();
        int[] ids =
                Utterances.ids(
                        model,
                        set.folder(),
                        params.path("text").asString(),
                        params.has("language")
                                ? Optional.of(params.path("language").asString())
                                : Optional.empty());
        int rows = golden.shape("tap.text_tokens")[0];
        int[] framed = Arrays.copyOf(ids, rows * ids.length);
        for (int b = 1; b < rows; b++) {
            System.arraycopy(ids, 0, framed, b * ids.length, ids.length);
        }
        taps.add("tap.text_tokens", framed, rows, ids.length);
        int[] drawn = golden.ints("in.tokens");
        if (drawn[drawn.length - 1] != T3Config.STOP_SPEECH) {
            throw new AssertionError("the last token of " + golden + " is no stop token");
        }
        int[] sounds = Arrays.copyOf(drawn, drawn.length - 1);
        int[] kept =
                golden.says("restart") && model != ChatterboxModel.TURBO
                        ? restarted(sounds)
                        : sounds;
        int[] spoken = Utterances.flowTokens(model, kept);
        taps.add("tap.flow_tokens", spoken, spoken.length);
        GoldenFile t3File = set.stage(t3Stage);
        try (TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            firstProbabilities(golden, taps, t3File, parameters, ops, model, ids);
            S3Gen s3gen = S3GenGoldens.load(set.stage(s3Stage), parameters);
            float[] wave =
                    s3gen.speak(
                            ops,
                            S3GenGoldens.given(golden),
                            spoken,
                            S3GenGoldens.randomness(golden, s3gen.vocoder().harmonics()),
                            dev.skald.tensor.Taps.NONE);
            taps.add("out.wav", Utterances.ending(model, wave, spoken.length));
        }
    }

    /**
     * What is left behind a drawn start token: {@code drop_invalid_tokens} of {@code tts.py} and
     * {@code mtl_tts.py}. The product leaves out the start token alone.
     */
    static int[] restarted(int[] drawn) {
        for (int i = 0; i < drawn.length; i++) {
            if (drawn[i] == T3Config.START_SPEECH) {
                return Arrays.copyOfRange(drawn, i + 1, drawn.length);
            }
        }
        throw new AssertionError("a case that restarts draws no start token");
    }

    private static void firstProbabilities(
            GoldenCase golden,
            Taps taps,
            GoldenFile file,
            Parameters parameters,
            Ops ops,
            ChatterboxModel model,
            int[] ids) {
        JsonNode params = golden.params();
        T3 t3 = T3.load(parameters, file.weightsUnderPrefix(), T3GoldenStage.config(file));
        T3Prompt prompt =
                new T3Prompt(
                        golden.floats("in.speaker_emb"),
                        golden.ints("in.prompt_tokens"),
                        (float) params.path("exaggeration").asDouble());
        SamplerSettings d = Utterances.defaults(model);
        SamplerSettings settings =
                new SamplerSettings(
                        params.path("temperature").asDouble(d.temperature()),
                        params.path("min_p").asDouble(d.minP()),
                        params.path("top_p").asDouble(d.topP()),
                        params.path("top_k").asInt(d.topK()),
                        params.path("repetition_penalty").asDouble(d.repetitionPenalty()),
                        params.path("cfg_weight").asDouble(d.cfgWeight()));
        T3Config config = t3.config();
        boolean guided = config.kind() == DecoderModel.Kind.LLAMA && settings.cfgWeight() > 0;
        try (T3State state = new T3State(t3, ops, guided ? 2 : 1, 4000)) {
            float[] logits =
                    ops.read(state.prefill(prompt, ids, guided, dev.skald.tensor.Taps.NONE));
            BitSet history = new BitSet();
            history.set(T3Config.START_SPEECH);
            float[] p =
                    new Sampler(config.kind(), settings, config.speechVocabulary())
                            .distribution(logits, history, dev.skald.tensor.Taps.NONE);
            taps.add("tap.first_probs", p.clone(), p.length);
        }
    }
}
