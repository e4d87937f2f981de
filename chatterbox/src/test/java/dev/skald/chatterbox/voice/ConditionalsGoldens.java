package dev.skald.chatterbox.voice;

import dev.skald.audio.resample.Resampler;
import dev.skald.chatterbox.s3gen.VoiceReference;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.io.StoredTensor;
import dev.skald.tensor.io.TorchZip;
import dev.skald.testkit.GoldenCase;
import dev.skald.testkit.GoldenFile;
import dev.skald.testkit.GoldenStage;
import dev.skald.testkit.Taps;
import dev.skald.testkit.TestDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Stage {@code conds}. */
public final class ConditionalsGoldens implements GoldenStage {
    @Override
    public String stage() {
        return "conds";
    }

    @Override
    public void run(GoldenCase golden, Taps taps) {
        JsonNode config = golden.file().config();
        VoiceCloner.Rules rules =
                new VoiceCloner.Rules(
                        config.path("speech_cond_prompt_len").asInt(),
                        config.path("enc_cond_seconds").asInt(),
                        config.path("dec_cond_seconds").asInt(),
                        0,
                        Double.NaN);
        float[] clip = golden.floats("in.ref_wav");
        taps.add("tap.ref_16k_soxr", Resampler.soxrHq(24_000, 16_000).resample(clip));
        taps.add("tap.ref_16k_sinc", Resampler.sincHann(24_000, 16_000).resample(clip));
        float emotion = (float) golden.params().path("exaggeration").asDouble();
        try (TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            VoiceConditionals voice =
                    VoiceReferences.cloner(golden.file().set(), parameters)
                            .clone(ops, clip, PromptMel.SAMPLE_RATE, rules, emotion);
            VoiceReference reference = voice.reference();
            taps.add("out.t3.speaker_emb", voice.speaker());
            taps.add("out.t3.cond_prompt_speech_tokens", voice.promptTokens());
            taps.add("out.t3.emotion_adv", new float[] {voice.emotion()});
            taps.add("out.gen.prompt_token", reference.tokens());
            taps.add("out.gen.prompt_token_len", new int[] {reference.tokens().length});
            taps.add("out.gen.prompt_feat", reference.mel());
            taps.add("out.gen.embedding", reference.xvector());
        }
    }

    /** A {@code conds.pt}: every tensor as the manifest describes it, and the voice it holds. */
    @Override
    public void other(GoldenFile file, String name, JsonNode description, Taps taps) {
        try (TorchZip saved = TorchZip.open(file.set().folder().resolve(name))) {
            for (Map.Entry<String, JsonNode> e : description.path("content").properties()) {
                compare(saved, e.getKey(), e.getValue(), taps);
            }
            VoiceConditionals voice = VoiceConditionals.read(saved);
            GoldenCase golden = file.cases().getFirst();
            same(taps, name, golden.floats("out.gen.prompt_feat"), voice.reference().mel());
            same(taps, name, golden.floats("out.gen.embedding"), voice.reference().xvector());
            same(taps, name, golden.floats("out.t3.speaker_emb"), voice.speaker());
            same(taps, name, golden.ints("out.gen.prompt_token"), voice.reference().tokens());
            same(taps, name, golden.ints("out.t3.cond_prompt_speech_tokens"), voice.promptTokens());
        }
    }

    private static void compare(TorchZip saved, String name, JsonNode want, Taps taps) {
        if (want.isNull()) {
            if (saved.has(name)) {
                taps.fail(name, "is there, want None");
            }
            return;
        }
        if (!saved.has(name)) {
            taps.fail(name, "is missing");
            return;
        }
        StoredTensor tensor = saved.get(name);
        List<Long> found = new ArrayList<>();
        Arrays.stream(tensor.shape()).forEach(d -> found.add((long) d));
        Arrays.stream(tensor.stride()).forEach(found::add);
        found.add(tensor.storageOffset());
        found.add(tensor.storageSize());
        List<Long> wanted = new ArrayList<>();
        want.path("shape").forEach(d -> wanted.add(d.asLong()));
        want.path("stride").forEach(d -> wanted.add(d.asLong()));
        wanted.add(want.path("storage_offset").asLong());
        wanted.add(want.path("storage_elements").asLong());
        if (!found.equals(wanted)
                || !tensor.dtype().torchName().equals(want.path("dtype").asString())) {
            taps.fail(name, "is " + tensor.dtype() + " " + found + ", want " + want);
        }
        taps.countIntegers(found.size());
    }

    private static void same(Taps taps, String name, float[] want, float[] got) {
        if (!Arrays.equals(want, got)) {
            taps.fail(name, "holds another voice than the case's");
        }
    }

    private static void same(Taps taps, String name, int[] want, int[] got) {
        if (!Arrays.equals(want, got)) {
            taps.fail(name, "holds other tokens than the case's");
        }
    }
}
