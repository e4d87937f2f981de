package dev.skald.server.speech;

import dev.skald.server.http.ApiError;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Parameters of a JSON body, checked. Each throws {@link ApiError} 400 that names the parameter.
 */
public final class Json {
    /** Up to here, each whole number is a double. */
    private static final double MOST_EXACT = 1L << 53;

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

    /** A string; nothing if it is absent, null or blank. */
    public static Optional<String> text(JsonNode body, String param) {
        return Optional.ofNullable(string(body, param)).filter(s -> !s.isBlank());
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
        if (value.isIntegralNumber() && value.canConvertToLong()) {
            return value.asLong();
        }
        // JSON has one kind of numbers: 7.0 is whole, too.
        double number = value.isNumber() ? value.asDouble() : Double.NaN;
        if (number != Math.rint(number) || Math.abs(number) > MOST_EXACT) {
            throw ApiError.invalid(param, "invalid_type", "'" + param + "' must be a whole number");
        }
        return (long) number;
    }
}
