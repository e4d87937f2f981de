package dev.skald.chatterbox;

import dev.skald.Precision;
import dev.skald.SpeechRequest;
import dev.skald.VoiceException;
import dev.skald.chatterbox.Installed.Speaker;
import dev.skald.chatterbox.t3.T3;
import dev.skald.chatterbox.t3.T3Logits;
import dev.skald.chatterbox.t3.T3Logits.Distance;
import dev.skald.chatterbox.t3.T3Prefix;
import dev.skald.chatterbox.t3.T3Prompt;
import dev.skald.chatterbox.voice.VoiceConditionals;
import dev.skald.spi.EngineContext;
import dev.skald.tensor.Devices;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.decode.TokenDecoder;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What T3's weights in 8 bits do to its logits, for {@code skald bench}. */
public final class ChatterboxLogits {
    private ChatterboxLogits() {}

    /** Logits along tokens. */
    private record Along(int[] tokens, float[][] logits, int vocabulary) {}

    /**
     * Of a text by the model that a request means, spoken by its built-in voice: logits in 8 bits
     * against those in bfloat16, along the tokens that the latter draw.
     *
     * @param tokens at most so many
     */
    public static Distance int8(
            EngineContext context, SpeechRequest request, String text, int tokens) {
        Speaker speaker = Installed.find(context, request);
        try (Devices.Lease device = Devices.open(context, any -> true);
                CheckpointFiles files = new CheckpointFiles(speaker.model(), speaker.folder())) {
            Along expected = along(device, files, request, text, Precision.BF16, tokens, null);
            Along found =
                    along(device, files, request, text, Precision.INT8, tokens, expected.tokens());
            return Distance.of(found.logits(), expected.logits(), expected.vocabulary());
        } catch (RuntimeException e) {
            throw CheckpointFiles.failure(e);
        }
    }

    private static Along along(
            Devices.Lease device,
            CheckpointFiles files,
            SpeechRequest request,
            String text,
            Precision precision,
            int most,
            int @Nullable [] given) {
        ChatterboxModel model = files.model();
        VoiceConditionals voice =
                Checkpoint.builtIn(files.folder())
                        .orElseThrow(() -> new VoiceException(model.id() + " has no conds.pt"));
        try (Parameters parameters = device.backend().parameters(precision);
                Ops ops = device.backend().open()) {
            T3 t3 = T3.load(parameters, files.t3());
            int[] heard = voice.promptTokens();
            int length = Math.min(heard.length, model.cloning().promptTokens());
            T3Prompt prompt =
                    new T3Prompt(
                            voice.speaker(),
                            Arrays.copyOf(heard, length),
                            ChatterboxModel.EXAGGERATION);
            int[] ids =
                    Utterance.ids(
                            model,
                            model.tokenizer(files.folder()),
                            text,
                            model.multilingual()
                                    ? ChatterboxEngine.language(model, request)
                                            .or(() -> Optional.of("en"))
                                    : Optional.empty());
            try (T3Prefix stored = t3.prefix(ops, prompt);
                    TokenDecoder decoder = t3.decoder(ops, 1);
                    TokenDecoder.Prefix prefix = decoder.restore(stored)) {
                T3Logits logits = new T3Logits(t3, decoder, prefix, ids);
                int[] tokens = given == null ? logits.drawn(most) : given;
                return new Along(tokens, logits.along(tokens), t3.config().speechVocabulary());
            }
        }
    }
}
