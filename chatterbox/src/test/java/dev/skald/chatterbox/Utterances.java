package dev.skald.chatterbox;

import dev.skald.tensor.decode.SamplerSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What an {@link Utterance} does around the networks, for the goldens of other packages. */
public final class Utterances {
    private Utterances() {}

    /** Text ids; the tokenizer files lie in the folder, Turbo's in a folder of their own. */
    public static int[] ids(
            ChatterboxModel model, Path folder, String text, Optional<String> language) {
        Path turbo = folder.resolve("turbo_tokenizer");
        Path files = model.turbo() && Files.isDirectory(turbo) ? turbo : folder;
        return Utterance.ids(model, model.tokenizer(files), text, language);
    }

    public static int[] flowTokens(ChatterboxModel model, int[] drawn) {
        return Utterance.flowTokens(model, drawn);
    }

    public static float[] ending(ChatterboxModel model, float[] wave, int tokens) {
        return Utterance.ending(model, wave, tokens);
    }

    public static SamplerSettings defaults(ChatterboxModel model) {
        return model.defaults();
    }
}
