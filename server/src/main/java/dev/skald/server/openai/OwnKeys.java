package dev.skald.server.openai;

import dev.skald.ChatterboxOptions;
import dev.skald.InvalidRequestException;
import dev.skald.PiperOptions;
import dev.skald.SpeechRequest;
import dev.skald.server.http.ApiError;
import java.util.HashMap;
import java.util.Map;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a request may ask for beside OpenAI's keys: a lexicon, pauses, and the settings of each
 * family of models. Settings of the family that does not speak are ignored.
 */
final class OwnKeys {
    private static final int MOST_WORDS = 10_000;

    private OwnKeys() {}

    /**
     * @throws ApiError 400, naming the key that is wrong
     */
    static void apply(JsonNode body, SpeechRequest.Builder to) {
        to.words(lexicon(body.get("lexicon")));
        number(body, "sentence_silence", to::sentenceSilence);
        number(body, "paragraph_silence", to::paragraphSilence);
        PiperOptions.Builder piper = PiperOptions.builder();
        number(body, "noise_scale", piper::noiseScale);
        number(body, "noise_width", piper::noiseWidth);
        to.options(piper.build());
        ChatterboxOptions.Builder chatterbox = ChatterboxOptions.builder();
        number(body, "exaggeration", chatterbox::exaggeration);
        number(body, "cfg_weight", chatterbox::cfgWeight);
        number(body, "temperature", chatterbox::temperature);
        to.options(chatterbox.build());
    }

    private static void number(JsonNode body, String key, DoubleConsumer set) {
        JsonNode value = body.get(key);
        if (value == null || value.isNull()) {
            return;
        }
        if (!value.isNumber()) {
            throw ApiError.invalid(key, "invalid_type", "'" + key + "' must be a number");
        }
        try {
            set.accept(value.asDouble());
        } catch (InvalidRequestException e) {
            throw ApiError.invalid(key, "invalid_value", String.valueOf(e.getMessage()));
        }
    }

    /** An object of words and how to say them. */
    private static Map<String, String> lexicon(@Nullable JsonNode value) {
        Map<String, String> words = new HashMap<>();
        if (value == null || value.isNull()) {
            return words;
        }
        if (!value.isObject() || value.size() > MOST_WORDS) {
            throw ApiError.invalid(
                    "lexicon",
                    "invalid_type",
                    "'lexicon' must be an object of up to "
                            + MOST_WORDS
                            + " words and how to say them");
        }
        for (Map.Entry<String, JsonNode> entry : value.properties()) {
            if (!entry.getValue().isString()) {
                throw ApiError.invalid(
                        "lexicon", "invalid_type", "'lexicon' must hold strings alone");
            }
            words.put(entry.getKey(), entry.getValue().asString());
        }
        return words;
    }
}
