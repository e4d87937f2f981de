package dev.skald.chatterbox.text;

import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.GoldenSuite;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import tools.jackson.databind.JsonNode;

/** Text normalisation and the three tokenizers, case by case. */
public final class TextGoldens {
    private final GoldenSet set;
    private final GoldenSuite suite;

    public TextGoldens(GoldenSet set, GoldenSuite suite) {
        this.set = set;
        this.suite = suite;
    }

    /** A test of each file and of each case that the manifest counts. */
    public List<DynamicNode> tests() {
        JsonNode manifest = set.manifest().path("text");
        List<DynamicNode> nodes = new ArrayList<>();
        if (manifest.isMissingNode()) {
            return nodes;
        }
        JsonNode texts = set.json("text.json");
        for (Map.Entry<String, JsonNode> file : manifest.path("files").properties()) {
            nodes.add(suite.fileTest(file.getKey(), file.getValue(), () -> {}));
        }
        for (Map.Entry<String, JsonNode> group : manifest.path("cases").properties()) {
            JsonNode cases = texts.path(group.getKey());
            if (cases.size() != group.getValue().asInt()) {
                nodes.add(
                        GoldenSuite.failing(
                                group.getKey(), "has " + cases.size() + " cases in text.json"));
            }
            for (JsonNode c : cases) {
                nodes.add(
                        DynamicTest.dynamicTest(
                                group.getKey() + " " + c.path("text"),
                                () -> check(group.getKey(), c)));
            }
        }
        return nodes;
    }

    private void check(String group, JsonNode c) {
        String text = c.path("text").asString();
        switch (group) {
            case "punc_norm" -> {
                equal(c, "tts", PunctuationNorm.ORIGINAL.apply(text));
                equal(c, "tts_turbo", PunctuationNorm.TURBO.apply(text));
                equal(c, "mtl_tts", PunctuationNorm.MULTILINGUAL.apply(text));
                only(c, "text", "tts", "tts_turbo", "mtl_tts");
                suite.countCase(0);
            }
            case "english" -> {
                Path file = set.folder().resolve("tokenizer.json");
                String normalised = PunctuationNorm.ORIGINAL.apply(text);
                ids(c, normalised, new EnglishTokenizer(file), set.json("tokenizer.json"));
                only(c, "text", "normalised", "ids", "framed", "tokens", "decoded");
            }
            case "multilingual" -> {
                String name = "grapheme_mtl_merged_expanded_v1.json";
                String normalised = PunctuationNorm.MULTILINGUAL.apply(text);
                equal(c, "preprocessed", MultilingualTokenizer.prepare(normalised));
                Path file = set.folder().resolve(name);
                ids(c, normalised, new MultilingualTokenizer(file), set.json(name));
                only(
                        c,
                        "text",
                        "language",
                        "normalised",
                        "preprocessed",
                        "ids",
                        "framed",
                        "tokens");
            }
            case "turbo" -> {
                String normalised = PunctuationNorm.TURBO.apply(text);
                Path folder = set.folder().resolve("turbo_tokenizer");
                ids(
                        c,
                        normalised,
                        new TurboTokenizer(folder),
                        set.json("turbo_tokenizer/vocab.json"));
                only(c, "text", "normalised", "ids", "tokens");
            }
            default -> throw new AssertionError("nothing checks texts of kind " + group);
        }
    }

    private void ids(JsonNode c, String normalised, TextTokenizer tokenizer, JsonNode file) {
        equal(c, "normalised", normalised);
        JsonNode language = c.path("language");
        int[] ids =
                tokenizer.encode(
                        normalised,
                        language.isString() ? Optional.of(language.asString()) : Optional.empty());
        ints(c, "ids", ids);
        int compared = ids.length;
        if (c.has("framed")) {
            int[] framed = new int[ids.length + 2];
            framed[0] = 255;
            System.arraycopy(ids, 0, framed, 1, ids.length);
            ints(c, "framed", framed);
            compared += framed.length;
        }
        Map<Integer, String> names = names(file);
        List<String> tokens =
                Arrays.stream(ids).mapToObj(id -> names.getOrDefault(id, "?")).toList();
        List<String> want = new ArrayList<>();
        c.path("tokens").forEach(t -> want.add(t.asString()));
        if (!want.equals(tokens)) {
            throw new AssertionError("tokens: got " + tokens + ", want " + want);
        }
        if (c.has("decoded")) {
            String decoded =
                    tokens.stream()
                            .collect(Collectors.joining())
                            .replace("[SPACE]", " ")
                            .replace("[STOP]", "")
                            .replace("[UNK]", "");
            equal(c, "decoded", decoded);
        }
        suite.countCase(compared);
    }

    private Map<Integer, String> names(JsonNode file) {
        Map<Integer, String> names = new HashMap<>();
        JsonNode vocabulary = file.has("model") ? file.path("model").path("vocab") : file;
        vocabulary.properties().forEach(e -> names.put(e.getValue().asInt(), e.getKey()));
        file.path("added_tokens")
                .forEach(t -> names.put(t.path("id").asInt(), t.path("content").asString()));
        if (!file.has("model")) {
            set.json("turbo_tokenizer/added_tokens.json")
                    .properties()
                    .forEach(e -> names.put(e.getValue().asInt(), e.getKey()));
        }
        return names;
    }

    private static void only(JsonNode c, String... known) {
        for (Map.Entry<String, JsonNode> e : c.properties()) {
            if (!Arrays.asList(known).contains(e.getKey())) {
                throw new AssertionError("nothing checks the field " + e.getKey());
            }
        }
    }

    private static void equal(JsonNode c, String field, String got) {
        if (!got.equals(c.path(field).asString())) {
            throw new AssertionError(field + ": got '" + got + "', want " + c.path(field));
        }
    }

    private static void ints(JsonNode c, String field, int[] got) {
        List<Integer> want = new ArrayList<>();
        c.path(field).forEach(v -> want.add(v.asInt()));
        if (!Arrays.stream(got).boxed().toList().equals(want)) {
            throw new AssertionError(field + ": got " + Arrays.toString(got) + ", want " + want);
        }
    }
}
