package dev.skald.server.speech;

import dev.skald.server.http.ApiError;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Parameters of a JSON body, checked. Each throws {@link ApiError} 400 that names the parameter.
 */
public final class Json {
    private Json() {}

    /** A string; null if it is absent or null. */
    public static @Nullable String string(JsonNode body, String param) {
        JsonNode value = body.get(param);
        if (value == null || value.isNull()) {
            return null;
        }
        if (!value.isString()) {
            throw ApiError.invalid(param, "invalid_type", "'" + param + "' must be a string");
        }
        return value.asString();
    }

    /** A text to speak: there, not blank, not too long. */
    public static String text(JsonNode body, String param, int maxCharacters) {
        String text = string(body, param);
        if (text == null) {
            throw ApiError.missing(param);
        }
        if (text.isBlank()) {
            throw ApiError.invalid(
                    param, "empty_string", "'" + param + "' is empty: send some text");
        }
        if (text.codePointCount(0, text.length()) > maxCharacters) {
            throw ApiError.invalid(
                    param,
                    "string_above_max_length",
                    "'"
                            + param
                            + "' is longer than "
                            + maxCharacters
                            + " characters: send it in parts");
        }
        return text;
    }

    /** A number from .25 to 4; 1 if it is absent or null. */
    public static double speed(JsonNode body, String param) {
        JsonNode value = body.get(param);
        if (value == null || value.isNull()) {
            return 1;
        }
        double speed = value.isNumber() ? value.asDouble() : Double.NaN;
        if (!(speed >= 0.25 && speed <= 4)) {
            throw ApiError.invalid(
                    param, "invalid_value", "'" + param + "' must be a number between 0.25 and 4");
        }
        return speed;
    }

    /** A whole number; null if it is absent or null. */
    public static @Nullable Long whole(JsonNode body, String param) {
        JsonNode value = body.get(param);
        if (value == null || value.isNull()) {
            return null;
        }
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw ApiError.invalid(param, "invalid_type", "'" + param + "' must be a whole number");
        }
        return value.asLong();
    }
}
