package dev.skald.server.speech;

import dev.skald.Mode;
import dev.skald.Skald;
import dev.skald.SpeechRequest;
import dev.skald.server.http.ApiError;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The names of models that a caller may send, and what they mean. */
public final class Models {
    private static final List<String> ALWAYS =
            List.of("auto", "fast", "cinematic", "tts-1", "tts-1-hd", "gpt-4o-mini-tts");

    private final Skald skald;

    public Models(Skald skald) {
        this.skald = skald;
    }

    /**
     * What a name means.
     *
     * @param model one that is installed, if it names that
     */
    public record Choice(Mode mode, Optional<String> model) {
        private static Choice of(Mode mode) {
            return new Choice(mode, Optional.empty());
        }

        /** Has a request speak with it. */
        public void on(SpeechRequest.Builder request) {
            request.mode(mode);
            model.ifPresent(request::model);
        }
    }

    /** What {@code /v1/models} lists: what clients send by default, and what is installed. */
    public List<String> names() {
        return Stream.concat(ALWAYS.stream(), skald.models().keySet().stream()).distinct().toList();
    }

    /**
     * A mode by its own name, or by that of OpenAI's models: {@code tts-1} is the fast one; {@code
     * tts-1-hd} and those of the {@code gpt-} line are chosen by what is installed. Of ElevenLabs'
     * models, those that are made for speed are the fast one. Else a model that is installed.
     *
     * @throws ApiError 404 if it means nothing
     */
    public Choice choose(String name) {
        String model = name.strip().toLowerCase(Locale.ROOT);
        return switch (model) {
            case "fast", "tts-1", "piper" -> Choice.of(Mode.FAST);
            case "cinematic", "chatterbox" -> Choice.of(Mode.CINEMATIC);
            case "auto", "tts-1-hd", "default", "kokoro", "" -> Choice.of(Mode.AUTO);
            default -> {
                if (model.startsWith("tts-1-hd") || model.matches("gpt-.*tts.*")) {
                    yield Choice.of(Mode.AUTO); // a dated name of the same model
                }
                if (model.startsWith("eleven_")) {
                    yield Choice.of(
                            model.contains("flash") || model.contains("turbo")
                                    ? Mode.FAST
                                    : Mode.AUTO);
                }
                if (model.startsWith("tts-1")) {
                    yield Choice.of(Mode.FAST);
                }
                yield installed(name.strip());
            }
        };
    }

    private Choice installed(String name) {
        Mode mode = skald.models().get(name);
        if (mode == null) {
            throw ApiError.notFound(
                    "model",
                    "model_not_found",
                    "there is no model '" + name + "': use " + String.join(", ", names()));
        }
        return new Choice(mode, Optional.of(name));
    }
}
