package dev.skald.server.speech;

import dev.skald.Mode;
import dev.skald.server.http.ApiError;
import java.util.List;
import java.util.Locale;

/** The names of models that a caller may send, and the modes they mean. */
public final class ModelNames {
    /** What {@code /v1/models} lists. */
    public static final List<String> LISTED =
            List.of("auto", "fast", "cinematic", "tts-1", "tts-1-hd", "gpt-4o-mini-tts");

    private ModelNames() {}

    /**
     * The mode that a name means: its own, or that of OpenAI's models: {@code tts-1} is the fast
     * one; {@code tts-1-hd} and those of the {@code gpt-} line are chosen by what is installed. Of
     * ElevenLabs' models, those that are made for speed are the fast one.
     *
     * @throws ApiError 404 if it means nothing
     */
    public static Mode mode(String name) {
        String model = name.strip().toLowerCase(Locale.ROOT);
        return switch (model) {
            case "fast", "tts-1", "piper" -> Mode.FAST;
            case "cinematic", "chatterbox" -> Mode.CINEMATIC;
            case "auto", "tts-1-hd", "default", "kokoro", "" -> Mode.AUTO;
            default -> {
                if (model.startsWith("tts-1-hd") || model.matches("gpt-.*tts.*")) {
                    yield Mode.AUTO; // a dated name of the same model
                }
                if (model.startsWith("eleven_")) {
                    yield model.contains("flash") || model.contains("turbo")
                            ? Mode.FAST
                            : Mode.AUTO;
                }
                if (model.startsWith("tts-1")) {
                    yield Mode.FAST;
                }
                throw ApiError.notFound(
                        "model",
                        "model_not_found",
                        "there is no model '" + name + "': use " + String.join(", ", LISTED));
            }
        };
    }
}
