package dev.skald.server.elevenlabs;

import dev.skald.InvalidRequestException;
import dev.skald.Mode;
import dev.skald.SpeechRequest;
import dev.skald.server.http.ApiError;
import dev.skald.server.http.Exchange;
import dev.skald.server.speech.Encoding;
import dev.skald.server.speech.Json;
import dev.skald.server.speech.Models;
import dev.skald.server.speech.SpeechService;
import dev.skald.server.speech.VoiceNames;
import dev.skald.server.speech.Voices;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * How a text is to be spoken.
 *
 * @param voice nothing for the mode's own
 * @param speed [0.25, 4]
 */
record SpeechSettings(
        Models.Choice model,
        Optional<VoiceNames.Choice> voice,
        double speed,
        Optional<String> language,
        Optional<Long> seed,
        Encoding encoding) {

    /**
     * @param fields the model, the language and the seed: of the body, or of the query
     * @throws ApiError naming the parameter that is wrong
     */
    static SpeechSettings of(
            Exchange exchange,
            JsonNode fields,
            Models models,
            Voices voices,
            OutputFormats formats) {
        Encoding encoding = formats.encoding(exchange.query("output_format"));
        Models.Choice model = model(Json.string(fields, "model_id"), models);
        Optional<VoiceNames.Choice> voice = voice(exchange.name("voice"), model.mode(), voices);
        return new SpeechSettings(
                        model,
                        voice,
                        1,
                        Json.text(fields, "language_code"),
                        Optional.ofNullable(Json.whole(fields, "seed")),
                        encoding)
                .with(fields.get("voice_settings"));
    }

    /** It is a part of the path here: without it there is nothing at that path. */
    private static Optional<VoiceNames.Choice> voice(String name, Mode mode, Voices voices) {
        try {
            return voices.choose(Optional.of(name), mode);
        } catch (ApiError e) {
            throw ApiError.notFound("voice", "voice_not_found", e.message());
        }
    }

    private static Models.Choice model(@Nullable String name, Models models) {
        try {
            return models.choose(name == null ? "auto" : name);
        } catch (ApiError e) {
            throw ApiError.invalid("model_id", "model_not_found", e.message());
        }
    }

    /**
     * The same with what {@code voice_settings} say: of them, only the speed means something here.
     */
    SpeechSettings with(@Nullable JsonNode settings) {
        if (settings == null || settings.isNull()) {
            return this;
        }
        if (!settings.isObject()) {
            throw ApiError.invalid(
                    "voice_settings", "invalid_type", "'voice_settings' must be an object");
        }
        return new SpeechSettings(
                model, voice, Json.speed(settings, "speed"), language, seed, encoding);
    }

    SpeechRequest request(SpeechRequest.Builder request) {
        try {
            model.on(request);
            request.speed(speed);
            voice.ifPresent(v -> v.on(request));
            language.ifPresent(request::language);
            seed.ifPresent(request::seed);
            return request.build();
        } catch (InvalidRequestException e) {
            throw SpeechService.error(e);
        }
    }
}
