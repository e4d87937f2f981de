package dev.skald.server.openai;

import dev.skald.Timestamps;
import dev.skald.server.http.ApiError;
import dev.skald.server.speech.Json;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The body of {@code POST /v1/audio/speech}, checked.
 *
 * @param input the text
 * @param model as the caller names it
 * @param voice as the caller names it
 * @param format {@code response_format}
 * @param speed [0.25, 4]
 * @param events whether the audio is sent as server-sent events
 * @param timestamps what is told of the times of words, which OpenAI does not know
 * @param language a language tag, which OpenAI does not know
 * @param seed for the same samples again, which OpenAI does not know
 */
record SpeechCall(
        String input,
        String model,
        Optional<String> voice,
        String format,
        double speed,
        boolean events,
        Timestamps timestamps,
        Optional<String> language,
        Optional<Long> seed) {

    /**
     * @throws ApiError 400, naming the parameter that is wrong
     */
    static SpeechCall of(JsonNode body, int maxCharacters) {
        String input = Json.text(body, "input", maxCharacters);
        String model = Json.string(body, "model");
        String format = Json.string(body, "response_format");
        String stream = Json.string(body, "stream_format");
        if (stream != null && !stream.equals("audio") && !stream.equals("sse")) {
            throw ApiError.invalid(
                    "stream_format", "invalid_value", "'stream_format' is audio or sse");
        }
        String times = Json.string(body, "timestamps");
        if (times != null && !"sse".equals(stream)) {
            throw ApiError.invalid(
                    "timestamps", "invalid_value", "'timestamps' needs 'stream_format' sse");
        }
        return new SpeechCall(
                input,
                model == null ? "auto" : model,
                Optional.ofNullable(voice(body.get("voice"))),
                format == null ? "mp3" : format,
                Json.speed(body, "speed"),
                "sse".equals(stream),
                times == null ? Timestamps.NONE : timestamps(times),
                Json.text(body, "language"),
                Optional.ofNullable(Json.whole(body, "seed")));
    }

    private static Timestamps timestamps(String level) {
        return switch (level) {
            case "word" -> Timestamps.WORD;
            case "sentence" -> Timestamps.SENTENCE;
            default ->
                    throw ApiError.invalid(
                            "timestamps", "invalid_value", "'timestamps' is word or sentence");
        };
    }

    /** A name, or an object that has it as its {@code id}. */
    private static @Nullable String voice(@Nullable JsonNode value) {
        if (value == null || value.isNull()) {
            return null;
        }
        JsonNode name = value.isObject() ? value.get("id") : value;
        if (name == null || !name.isString() || name.asString().isBlank()) {
            throw ApiError.invalid(
                    "voice", "invalid_type", "'voice' must be a name, or an object with its 'id'");
        }
        return name.asString();
    }
}
