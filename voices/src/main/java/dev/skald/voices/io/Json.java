package dev.skald.voices.io;

import dev.skald.VoiceException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.json.JsonFactory;

/**
 * A JSON object from outside, read by tokens (binding would cost a tenth of a second of start-up)
 * and asked for values of a type. {@code null} counts as absent.
 *
 * @param what names the document in messages
 */
public record Json(Map<String, Object> values, String what) {
    private static final long MAX_BYTES = 64L << 20;
    private static final int MAX_DEPTH = 64;

    public static Json read(Path file, String what) throws IOException {
        if (Files.size(file) > MAX_BYTES) {
            throw new VoiceException(what + " is too large to be one");
        }
        return parse(Files.readAllBytes(file), what);
    }

    public static Json read(InputStream in, String what) throws IOException {
        byte[] bytes = in.readNBytes((int) MAX_BYTES);
        if (in.read() >= 0) {
            throw new VoiceException(what + " is too large to be one");
        }
        return parse(bytes, what);
    }

    public static Json parse(byte[] utf8, String what) {
        try (JsonParser parser = new JsonFactory().createParser(utf8)) {
            parser.nextToken();
            Object value = value(parser, 0);
            if (value instanceof Map<?, ?> map && parser.nextToken() == null) {
                return new Json(strings(map), what);
            }
        } catch (JacksonException | ArithmeticException e) {
            throw new VoiceException(
                    what + " is not valid JSON: " + e.getClass().getSimpleName(), e);
        }
        throw new VoiceException(what + " is not a JSON object");
    }

    /** A whole object as UTF-8, indented. */
    public static byte[] write(Consumer<JsonGenerator> properties) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
            json.writeStartObject();
            properties.accept(json);
            json.writeEndObject();
        }
        return out.toByteArray();
    }

    private static Object value(JsonParser parser, int depth) {
        JsonToken token = parser.currentToken();
        if (token == null || depth > MAX_DEPTH) {
            return Optional.empty();
        }
        return switch (token) {
            case START_OBJECT -> {
                Map<String, Object> map = new LinkedHashMap<>();
                while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                    String name = parser.currentName();
                    parser.nextToken();
                    Object value = value(parser, depth + 1);
                    if (!(value instanceof Optional)) {
                        map.put(name, value);
                    }
                }
                yield map;
            }
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                JsonToken next = parser.nextToken();
                while (next != null && next != JsonToken.END_ARRAY) {
                    Object value = value(parser, depth + 1);
                    if (!(value instanceof Optional)) {
                        list.add(value);
                    }
                    next = parser.nextToken();
                }
                yield list;
            }
            case VALUE_STRING -> parser.getString();
            case VALUE_TRUE -> Boolean.TRUE;
            case VALUE_FALSE -> Boolean.FALSE;
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            default -> Optional.empty();
        };
    }

    @SuppressWarnings("unchecked") // made by value(): keys are strings
    private static Map<String, Object> strings(Map<?, ?> map) {
        return (Map<String, Object>) map;
    }

    public Optional<String> text(String key) {
        return values.get(key) instanceof String s ? Optional.of(s) : Optional.empty();
    }

    public String requiredText(String key) {
        return text(key).orElseThrow(() -> missing(key, "a text"));
    }

    /** A whole number in {@code [min, max]}; empty if absent. */
    public Optional<Long> whole(String key, long min, long max) {
        Object value = values.get(key);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof Double d && d == Math.rint(d) && d >= min && d <= max) {
            return Optional.of(d.longValue());
        }
        throw missing(key, "a whole number between " + min + " and " + max);
    }

    public long requiredWhole(String key, long min, long max) {
        return whole(key, min, max)
                .orElseThrow(() -> missing(key, "a whole number between " + min + " and " + max));
    }

    public Optional<Json> object(String key) {
        return values.get(key) instanceof Map<?, ?> map
                ? Optional.of(new Json(strings(map), what))
                : Optional.empty();
    }

    public List<Json> objects(String key) {
        return list(key).stream()
                .filter(Map.class::isInstance)
                .map(o -> new Json(strings((Map<?, ?>) o), what))
                .toList();
    }

    public List<String> texts(String key) {
        return list(key).stream().filter(String.class::isInstance).map(String.class::cast).toList();
    }

    private List<?> list(String key) {
        return values.get(key) instanceof List<?> list ? list : List.of();
    }

    private VoiceException missing(String key, String form) {
        return new VoiceException(what + " has no '" + key + "' that is " + form);
    }
}
