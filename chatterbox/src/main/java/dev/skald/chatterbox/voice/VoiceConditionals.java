package dev.skald.chatterbox.voice;

import dev.skald.chatterbox.s3gen.VoiceReference;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.Weights;
import dev.skald.tensor.io.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Path;

/**
 * All that a cloned voice is: {@code Conditionals} of {@code tts.py} in resemble-ai/chatterbox.
 *
 * @param speaker the voice encoder's embedding, for T3
 * @param promptTokens speech tokens of the clip's beginning, for T3
 * @param emotion the exaggeration it was prepared with
 * @param reference what S3Gen speaks in
 */
public record VoiceConditionals(
        float[] speaker, int[] promptTokens, float emotion, VoiceReference reference) {

    private static final float DEFAULT_EMOTION = 0.5f;

    /** The most entries of a tensor: 40 s of mel frames, where the official code keeps 10. */
    private static final int LONGEST = 2000;

    /**
     * Reads {@code conds.pt} or what {@link #write} wrote: the names are the same. Embeddings that
     * a synthesis left in {@code conds.pt} are not looked at: they belong to one model's weights.
     */
    public static VoiceConditionals read(Weights file) {
        Weight mel = small(file.get("gen.prompt_feat", 1, -1, -1));
        int frames = mel.shape()[1];
        Weight tokens = small(file.get("gen.prompt_token", 1, -1));
        if (Math.abs(frames - 2 * tokens.size()) > 1) {
            throw new WeightException(
                    "tensor '"
                            + mel.name()
                            + "' has "
                            + frames
                            + " frames for "
                            + tokens.size()
                            + " speech tokens: two each are expected");
        }
        return new VoiceConditionals(
                small(file.get("t3.speaker_emb", 1, -1)).floats(),
                file.has("t3.cond_prompt_speech_tokens")
                        ? ids(small(file.get("t3.cond_prompt_speech_tokens", 1, -1)))
                        : new int[0],
                file.has("t3.emotion_adv")
                        ? file.get("t3.emotion_adv", 1, 1, 1).floats()[0]
                        : DEFAULT_EMOTION,
                new VoiceReference(
                        ids(tokens),
                        mel.floats(),
                        frames,
                        small(file.get("gen.embedding", 1, -1)).floats()));
    }

    /** The work of speaking grows with what was heard: no file may ask for an hour of it. */
    private static Weight small(Weight weight) {
        int length = weight.shape()[1];
        if (length > LONGEST) {
            throw new WeightException(
                    "tensor '"
                            + weight.name()
                            + "' has "
                            + length
                            + " entries where a voice has at most "
                            + LONGEST);
        }
        return weight;
    }

    /** Token ids, which the official code may have saved as floats. */
    private static int[] ids(Weight weight) {
        float[] values = weight.floats();
        int[] ids = new int[values.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (int) values[i];
            if (ids[i] != values[i] || ids[i] < 0 || ids[i] >= SpeechTokenizer.CODES) {
                throw new WeightException(
                        "tensor '" + weight.name() + "' holds " + values[i] + ", no speech token");
            }
        }
        return ids;
    }

    /** Writes a small safetensors file. */
    public void write(Path file) throws IOException {
        new SafetensorsWriter()
                .add("t3.speaker_emb", speaker, 1, speaker.length)
                .add("t3.cond_prompt_speech_tokens", promptTokens, 1, promptTokens.length)
                .add("t3.emotion_adv", new float[] {emotion}, 1, 1, 1)
                .add("gen.prompt_token", reference.tokens(), 1, reference.tokens().length)
                .add("gen.prompt_feat", reference.mel(), 1, reference.frames(), reference.bands())
                .add("gen.embedding", reference.xvector(), 1, reference.xvector().length)
                .write(file);
    }
}
