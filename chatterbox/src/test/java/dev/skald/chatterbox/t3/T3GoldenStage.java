package dev.skald.chatterbox.t3;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.decode.Sampler;
import dev.skald.tensor.decode.SamplerSettings;
import dev.skald.testkit.GoldenCase;
import dev.skald.testkit.GoldenFile;
import dev.skald.testkit.GoldenStage;
import dev.skald.testkit.Taps;
import dev.skald.testkit.TestDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** T3: conditioning, prefill, greedy and sampled decoding. */
public abstract class T3GoldenStage implements GoldenStage {
    private final String stage;

    T3GoldenStage(String stage) {
        this.stage = stage;
    }

    /** Original. */
    public static final class Original extends T3GoldenStage {
        public Original() {
            super("t3_original");
        }
    }

    /** Multilingual. */
    public static final class Multilingual extends T3GoldenStage {
        public Multilingual() {
            super("t3_multilingual");
        }
    }

    /** Turbo and Nano. */
    public static final class Turbo extends T3GoldenStage {
        public Turbo() {
            super("t3_turbo");
        }
    }

    @Override
    public String stage() {
        return stage;
    }

    /** What the manifest says of the backbone, over what the weights' shapes say. */
    public static T3Config config(GoldenFile file) {
        T3Config c = T3Config.of(file.weightsUnderPrefix());
        JsonNode b = file.config().path("backbone");
        boolean llama = c.kind() == DecoderModel.Kind.LLAMA;
        JsonNode r = b.path("rope_scaling");
        return new T3Config(
                c.kind(),
                c.layers(),
                c.hidden(),
                b.path(llama ? "num_attention_heads" : "n_head").asInt(c.heads()),
                (float) b.path(llama ? "rms_norm_eps" : "layer_norm_epsilon").asDouble(c.normEps()),
                new T3Config.Rope(
                        b.path("rope_theta").asDouble(c.rope().theta()),
                        r.path("factor").asDouble(c.rope().factor()),
                        r.path("low_freq_factor").asDouble(c.rope().lowFrequencyFactor()),
                        r.path("high_freq_factor").asDouble(c.rope().highFrequencyFactor()),
                        r.path("original_max_position_embeddings")
                                .asDouble(c.rope().originalPositions())),
                c.textVocabulary(),
                c.speechVocabulary(),
                c.textPositions(),
                c.speechPositions(),
                c.positions(),
                c.perceiverHeads() == 0
                        ? 0
                        : file.config()
                                .path("perceiver")
                                .path("num_attn_heads")
                                .asInt(c.perceiverHeads()),
                c.emotion());
    }

    @Override
    public void run(GoldenCase golden, Taps taps) {
        T3Config config = config(golden.file());
        try (TestDevice device = TestDevice.open(1);
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            T3 model = T3.load(parameters, golden.file().weightsUnderPrefix(), config);
            run(model, ops, golden, taps);
        }
    }

    private static void run(T3 model, Ops ops, GoldenCase golden, Taps taps) {
        T3Config config = model.config();
        JsonNode params = golden.params();
        int steps = params.path("steps").asInt();
        boolean greedy = params.path("mode").asString().equals("greedy");
        int rows = golden.shape("in.text_tokens")[0];
        int length = golden.shape("in.text_tokens")[1];
        int[] text = Arrays.copyOf(golden.ints("in.text_tokens"), length);
        boolean guided = rows == 2 && params.path("cfg_weight").asDouble() > 0;
        T3Prompt prompt =
                new T3Prompt(
                        golden.floats("in.speaker_emb"),
                        golden.has("in.prompt_tokens")
                                ? golden.ints("in.prompt_tokens")
                                : new int[0],
                        golden.has("in.emotion_adv") ? golden.floats("in.emotion_adv")[0] : 0);
        int[] given = golden.has("in.tokens") ? golden.ints("in.tokens") : new int[0];
        int vocabulary = config.speechVocabulary();
        Sampler sampler = new Sampler(config.kind(), settings(params), vocabulary);
        BitSet spoken = new BitSet();
        spoken.set(T3Config.START_SPEECH);
        int[] tokens = new int[steps];
        List<float[]> logits = new ArrayList<>();
        List<float[]> probabilities = new ArrayList<>();
        Gather embeds = new Gather();
        Gather hidden = new Gather();
        if (config.kind() == DecoderModel.Kind.LLAMA) {
            taps.add(
                    "tap.rope_inv_freq",
                    config.rope()
                            .inverseFrequencies(model.transformer().cacheWidth() / config.heads()));
        }
        try (T3State state = new T3State(model, ops, rows, 4000)) {
            for (int k = 0; k < steps; k++) {
                Tensor l;
                if (k == 0) {
                    l = state.prefill(prompt, text, guided, new Prefill(taps));
                } else {
                    l = state.step(tokens[k - 1], new Decode(embeds, hidden));
                }
                logits.add(ops.read(l));
                float[] p =
                        sampler.distribution(logits.getLast(), spoken, dev.skald.tensor.Taps.NONE)
                                .clone();
                probabilities.add(p);
                tokens[k] = greedy ? argmax(p) : given[k];
                if (k == 0 && config.kind() == DecoderModel.Kind.GPT2) {
                    spoken.clear();
                }
                spoken.set(tokens[k]);
            }
        }
        taps.add("out.logits", concat(logits), steps, rows, vocabulary);
        taps.add("out.probs", concat(probabilities), steps, vocabulary);
        taps.add("out.tokens", tokens, steps);
        taps.add("tap.dec_embeds", concat(embeds.values));
        taps.add("tap.dec_hidden", concat(hidden.values));
    }

    static SamplerSettings settings(JsonNode p) {
        return new SamplerSettings(
                p.path("temperature").asDouble(1),
                p.path("min_p").asDouble(0),
                p.path("top_p").asDouble(1),
                p.path("top_k").asInt(0),
                p.path("repetition_penalty").asDouble(1),
                p.path("cfg_weight").asDouble(0));
    }

    private static int argmax(float[] p) {
        int best = 0;
        for (int i = 1; i < p.length; i++) {
            best = p[i] > p[best] ? i : best;
        }
        return best;
    }

    static float[] concat(List<float[]> parts) {
        float[] all = new float[parts.stream().mapToInt(p -> p.length).sum()];
        int at = 0;
        for (float[] p : parts) {
            System.arraycopy(p, 0, all, at, p.length);
            at += p.length;
        }
        return all;
    }

    private static final class Gather {
        private final List<float[]> values = new ArrayList<>();
    }

    /** Prefill's values are outputs where the manifest says so, else taps. */
    private record Prefill(Taps taps) implements dev.skald.tensor.Taps {
        @Override
        public void tap(String name, Ops ops, Tensor value) {
            taps.add("tap." + name, ops, value, value.batch(), value.rows(), value.cols());
            taps.add("out." + name, ops, value, value.batch(), value.rows(), value.cols());
        }

        @Override
        public void tap(String name, float[] value, int... shape) {
            taps.add("tap." + name, value, shape);
        }
    }

    private record Decode(Gather embeds, Gather hidden) implements dev.skald.tensor.Taps {
        @Override
        public void tap(String name, Ops ops, Tensor value) {
            (name.equals("dec_embeds") ? embeds : hidden).values.add(ops.read(value));
        }

        @Override
        public void tap(String name, float[] value, int... shape) {}
    }
}
