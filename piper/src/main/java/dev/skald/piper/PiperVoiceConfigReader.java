package dev.skald.piper;

import dev.skald.VoiceException;
import dev.skald.piper.PiperVoiceConfig.Inference;
import dev.skald.piper.PiperVoiceConfig.PhonemeType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads a {@link PiperVoiceConfig}. The file comes from outside: its size, nesting, every type and
 * every range are checked, and what is wrong is told by its key.
 */
final class PiperVoiceConfigReader {
    /** The largest published one (904 speakers) has 20 KB. */
    private static final long LARGEST_FILE = 4 << 20;

    private static final int MOST_SYMBOLS = 1 << 16;
    private static final int MOST_SPEAKERS = 1 << 16;
    private static final int MOST_IDS_OF_A_PHONEME = 64;
    private static final int LONGEST_SHOWN = 40;

    private final Path file;

    private PiperVoiceConfigReader(Path file) {
        this.file = file;
    }

    static PiperVoiceConfig read(Path json) {
        byte[] bytes;
        try {
            long size = Files.size(json);
            if (size > LARGEST_FILE) {
                throw new VoiceException(
                        json + " is no voice configuration: it has " + size + " bytes");
            }
            bytes = Files.readAllBytes(json);
        } catch (NoSuchFileException e) {
            throw new VoiceException(
                    json
                            + " is missing: a Piper voice is an .onnx file and its .onnx.json beside it",
                    e);
        } catch (IOException e) {
            throw new VoiceException("cannot read " + json + ": " + e.getMessage(), e);
        }
        return parse(json, bytes);
    }

    static PiperVoiceConfig parse(Path name, byte[] bytes) {
        PiperVoiceConfigReader reader = new PiperVoiceConfigReader(name);
        @Nullable Object root;
        JsonFactory factory =
                JsonFactory.builder()
                        // Its tables cost more than the file.
                        .disable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
                        .disable(StreamReadFeature.USE_FAST_BIG_NUMBER_PARSER)
                        .streamReadConstraints(
                                StreamReadConstraints.builder().maxNestingDepth(16).build())
                        .build();
        try (JsonParser parser = factory.createParser(ObjectReadContext.empty(), bytes)) {
            root = value(parser, parser.nextToken());
            if (root != null && parser.nextToken() != null) {
                throw reader.bad("more than one value");
            }
        } catch (JacksonException e) {
            throw new VoiceException(
                    name + " is not valid JSON (" + oneLine(e.getOriginalMessage()) + ")" + REMEDY,
                    e);
        }
        if (!(root instanceof Map<?, ?> map)) {
            throw reader.bad("it must hold a JSON object");
        }
        return reader.config(new Node("", map));
    }

    private static final String REMEDY = ": install the voice again";

    private PiperVoiceConfig config(Node root) {
        Node audio = object(root, "audio");
        int symbols = whole(root, "num_symbols", 1, MOST_SYMBOLS, null);
        // A single speaker is published as 1, and by some old voices as 0.
        int speakers = Math.max(1, whole(root, "num_speakers", 0, MOST_SPEAKERS, null));
        PhonemeType type = phonemeType(root);
        String espeak =
                type == PhonemeType.ESPEAK ? string(object(root, "espeak"), "voice", null) : "";
        Node inference = objectOrEmpty(root, "inference");
        Node language = objectOrEmpty(root, "language");
        return new PiperVoiceConfig(
                symbols,
                speakers,
                whole(audio, "sample_rate", 1000, 384_000, null),
                espeak,
                type,
                phonemeIds(object(root, "phoneme_id_map"), symbols),
                speakerIds(objectOrEmpty(root, "speaker_id_map"), speakers),
                whole(root, "default_speaker_id", 0, speakers - 1, 0),
                new Inference(
                        number(inference, "noise_scale", 0, 10, Inference.DEFAULT.noiseScale()),
                        number(
                                inference,
                                "length_scale",
                                0.01,
                                100,
                                Inference.DEFAULT.lengthScale()),
                        number(inference, "noise_w", 0, 10, Inference.DEFAULT.noiseWidth()),
                        silences(objectOrEmpty(inference, "phoneme_silence"))),
                whole(root, "hop_length", 1, MOST_SYMBOLS, 256),
                vowelClusters(root),
                string(language, "code", espeak),
                string(audio, "quality", ""));
    }

    private PhonemeType phonemeType(Node root) {
        // Voices from before there was a choice do not say.
        String type = string(root, "phoneme_type", "espeak");
        return switch (type) {
            // Some exporters write the name of Python's enum.
            case "espeak", "PhonemeType.ESPEAK" -> PhonemeType.ESPEAK;
            case "text", "PhonemeType.TEXT" -> PhonemeType.TEXT;
            default ->
                    throw new VoiceException(
                            file
                                    + ": 'phoneme_type' is "
                                    + shown(type)
                                    + ", and Skald makes only espeak and text: choose another voice");
        };
    }

    private Map<String, List<Integer>> phonemeIds(Node map, int symbols) {
        Map<String, List<Integer>> phonemes = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : map.fields.entrySet()) {
            String phoneme = (String) entry.getKey();
            String key = map.key(phoneme);
            if (!(entry.getValue() instanceof List<?> list)) {
                throw wrong(key, "a list of ids", entry.getValue());
            }
            if (list.size() > MOST_IDS_OF_A_PHONEME) {
                throw bad("'" + key + "' has " + list.size() + " ids");
            }
            List<Integer> ids = new ArrayList<>(list.size());
            for (Object id : list) {
                ids.add(whole(key, id, 0, symbols - 1));
            }
            phonemes.put(phoneme, List.copyOf(ids));
        }
        for (String needed :
                List.of(PiperVoiceConfig.PAD, PiperVoiceConfig.BEGIN, PiperVoiceConfig.END)) {
            if (!phonemes.containsKey(needed)) {
                throw bad("'" + map.key(needed) + "' is missing");
            }
        }
        return phonemes;
    }

    private Map<String, Float> silences(Node map) {
        Map<String, Float> silences = new LinkedHashMap<>();
        for (Object phoneme : map.fields.keySet()) {
            String name = (String) phoneme;
            silences.put(name, number(map, name, 0, 60, 0));
        }
        return silences;
    }

    private Map<String, Integer> speakerIds(Node map, int speakers) {
        Map<String, Integer> ids = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : map.fields.entrySet()) {
            String name = (String) entry.getKey();
            ids.put(name, whole(map.key(name), entry.getValue(), 0, speakers - 1));
        }
        return ids;
    }

    private Set<List<String>> vowelClusters(Node root) {
        Object value = root.fields.get("vowel_clusters");
        Set<List<String>> clusters = new HashSet<>();
        if (value == null || value instanceof Map<?, ?> map && map.isEmpty()) {
            return clusters;
        }
        if (!(value instanceof List<?> list)) {
            throw wrong("vowel_clusters", "a list of lists of phonemes", value);
        }
        for (Object cluster : list) {
            if (!(cluster instanceof List<?> phonemes)) {
                throw wrong("vowel_clusters", "a list of lists of phonemes", cluster);
            }
            List<String> run = new ArrayList<>();
            for (Object phoneme : phonemes) {
                if (!(phoneme instanceof String text)) {
                    throw wrong("vowel_clusters", "a list of lists of phonemes", phoneme);
                }
                run.add(text);
            }
            clusters.add(List.copyOf(run));
        }
        return clusters;
    }

    // --- one field -----------------------------------------------------------------------------

    /** An object of the file and the path of keys that leads to it. */
    private record Node(String path, Map<?, ?> fields) {
        String key(String name) {
            return path.isEmpty() ? shown(name) : path + "." + shown(name);
        }
    }

    private Node object(Node parent, String name) {
        Object value = parent.fields.get(name);
        if (value == null) {
            throw bad("'" + parent.key(name) + "' is missing");
        }
        if (!(value instanceof Map<?, ?> map)) {
            throw wrong(parent.key(name), "an object", value);
        }
        return new Node(parent.key(name), map);
    }

    private Node objectOrEmpty(Node parent, String name) {
        return parent.fields.get(name) == null
                ? new Node(parent.key(name), Map.of())
                : object(parent, name);
    }

    private String string(Node parent, String name, @Nullable String otherwise) {
        Object value = parent.fields.get(name);
        if (value == null) {
            if (otherwise == null) {
                throw bad("'" + parent.key(name) + "' is missing");
            }
            return otherwise;
        }
        if (!(value instanceof String text)) {
            throw wrong(parent.key(name), "a string", value);
        }
        return text;
    }

    private int whole(Node parent, String name, int low, int high, @Nullable Integer otherwise) {
        Object value = parent.fields.get(name);
        if (value == null) {
            if (otherwise == null) {
                throw bad("'" + parent.key(name) + "' is missing");
            }
            return otherwise;
        }
        return whole(parent.key(name), value, low, high);
    }

    private int whole(String key, @Nullable Object value, int low, int high) {
        if (!(value instanceof Double d) || d != Math.rint(d) || d < low || d > high) {
            throw wrong(key, "a whole number from " + low + " to " + high, value);
        }
        return d.intValue();
    }

    private float number(Node parent, String name, double low, double high, float otherwise) {
        Object value = parent.fields.get(name);
        if (value == null) {
            return otherwise;
        }
        if (!(value instanceof Double d) || !(d >= low && d <= high)) {
            throw wrong(parent.key(name), "a number from " + low + " to " + high, value);
        }
        return d.floatValue();
    }

    private VoiceException wrong(String key, String wanted, @Nullable Object value) {
        return bad("'" + key + "' must be " + wanted + ", not " + shown(value));
    }

    private VoiceException bad(String what) {
        return new VoiceException(file + ": " + what + REMEDY);
    }

    // --- JSON to maps, lists, strings, doubles, booleans and null ------------------------------

    private static @Nullable Object value(JsonParser parser, @Nullable JsonToken token) {
        return switch (token) {
            case null -> null;
            case START_OBJECT -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                    String name = parser.currentName();
                    map.put(name, value(parser, parser.nextToken()));
                }
                yield map;
            }
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                for (JsonToken next; (next = parser.nextToken()) != JsonToken.END_ARRAY; ) {
                    list.add(value(parser, next));
                }
                yield list;
            }
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> Double.valueOf(parser.getString());
            case VALUE_TRUE -> Boolean.TRUE;
            case VALUE_FALSE -> Boolean.FALSE;
            default -> null;
        };
    }

    private static String shown(@Nullable Object value) {
        String text =
                switch (value) {
                    case null -> "null";
                    case Map<?, ?> map -> "an object";
                    case List<?> list -> "a list";
                    case Double d when d == Math.rint(d) && Math.abs(d) < 1e15 ->
                            Long.toString(d.longValue());
                    default -> value.toString();
                };
        return oneLine(
                text.length() > LONGEST_SHOWN ? text.substring(0, LONGEST_SHOWN) + "..." : text);
    }

    private static String oneLine(@Nullable String text) {
        if (text == null) {
            return "";
        }
        StringBuilder line = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            line.append(Character.isISOControl(c) || c == '\u2028' || c == '\u2029' ? ' ' : c);
        }
        return line.toString();
    }
}
