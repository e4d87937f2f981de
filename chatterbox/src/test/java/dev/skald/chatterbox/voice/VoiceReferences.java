package dev.skald.chatterbox.voice;

import dev.skald.chatterbox.s3gen.VoiceReference;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Weights;
import dev.skald.testkit.GoldenSet;

/** Makes {@link VoiceReference}s for the goldens of other packages. */
public final class VoiceReferences {
    private VoiceReferences() {}

    /** What S3Gen hears of a clip; {@code weights} are all of {@code s3gen.safetensors}. */
    public static VoiceReference of(
            Weights weights, Parameters parameters, Ops ops, float[] clip, int rate) {
        return VoiceCloner.reference(
                ops,
                clip,
                rate,
                SpeechTokenizer.load(weights.under("tokenizer."), parameters),
                CamPlus.load(weights.under("speaker_encoder."), parameters));
    }

    static VoiceCloner cloner(GoldenSet set, Parameters parameters) {
        return VoiceCloner.load(
                set.stage("ve").weights(), set.stage("s3gen").weights(), parameters);
    }
}
