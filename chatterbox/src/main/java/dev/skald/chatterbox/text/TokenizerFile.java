package dev.skald.chatterbox.text;

import dev.skald.VoiceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads the tokenizer files of a checkpoint: {@code tokenizer.json}, or GPT-2's older set. */
final class TokenizerFile {
    private static final long LARGEST = 64L << 20;

    private TokenizerFile() {}

    /** A {@code tokenizer.json} of kind BPE. */
    static Bpe readBpe(Path file) {
        JsonNode root = json(file);
        JsonNode model = root.path("model");
        if (!model.path("type").asString("BPE").equals("BPE")) {
            throw bad(file, "it is not a BPE tokenizer");
        }
        Map<String, Integer> vocabulary = ids(file, model.path("vocab"));
        List<String[]> merges = new ArrayList<>();
        for (JsonNode m : model.path("merges")) {
            String[] pair =
                    m.isArray() && m.size() == 2
                            ? new String[] {m.get(0).asString(), m.get(1).asString()}
                            : m.asString("").split(" ", 2);
            if (pair.length != 2) {
                throw bad(file, "merge " + merges.size() + " is no pair");
            }
            merges.add(pair);
        }
        Map<String, Integer> added = new HashMap<>();
        for (JsonNode token : root.path("added_tokens")) {
            added.put(token.path("content").asString(""), id(file, token.path("id")));
        }
        Integer unknown = vocabulary.get(model.path("unk_token").asString(""));
        return bpe(file, vocabulary, merges, added, unknown == null ? -1 : unknown);
    }

    /** {@code vocab.json}, {@code merges.txt} and the added tokens beside them. */
    static Bpe readGpt2(Path folder) {
        Path vocab = folder.resolve("vocab.json");
        Map<String, Integer> vocabulary = ids(vocab, json(vocab));
        List<String[]> merges = new ArrayList<>();
        Path mergesFile = folder.resolve("merges.txt");
        byte[] mergesText = bytes(mergesFile);
        if (mergesText.length == 0) {
            throw bad(mergesFile, "it is empty");
        }
        for (String line : new String(mergesText, StandardCharsets.UTF_8).split("\n")) {
            String l = line.strip();
            if (l.isEmpty() || l.startsWith("#version")) {
                continue;
            }
            String[] pair = l.split(" ");
            if (pair.length != 2) {
                throw bad(mergesFile, "'" + l + "' is no pair");
            }
            merges.add(pair);
        }
        Map<String, Integer> added = new HashMap<>();
        Path addedFile = folder.resolve("added_tokens.json");
        Path config = folder.resolve("tokenizer_config.json");
        if (Files.exists(addedFile) || !Files.exists(config)) {
            added.putAll(ids(addedFile, json(addedFile)));
        }
        if (Files.exists(config)) {
            for (Map.Entry<String, JsonNode> e :
                    json(config).path("added_tokens_decoder").properties()) {
                try {
                    added.put(
                            e.getValue().path("content").asString(""),
                            Integer.parseUnsignedInt(e.getKey()));
                } catch (NumberFormatException x) {
                    throw bad(config, "'" + e.getKey() + "' is no token id");
                }
            }
        }
        return bpe(vocab, vocabulary, merges, added, -1);
    }

    private static Bpe bpe(
            Path file,
            Map<String, Integer> vocabulary,
            List<String[]> merges,
            Map<String, Integer> added,
            int unknown) {
        added.remove("");
        try {
            return new Bpe(vocabulary, merges, added, unknown);
        } catch (IllegalArgumentException e) {
            throw bad(file, String.valueOf(e.getMessage()));
        }
    }

    private static Map<String, Integer> ids(Path file, JsonNode object) {
        if (!object.isObject()) {
            throw bad(file, "it has no vocabulary");
        }
        Map<String, Integer> ids = HashMap.newHashMap(object.size());
        for (Map.Entry<String, JsonNode> e : object.properties()) {
            ids.put(e.getKey(), id(file, e.getValue()));
        }
        return ids;
    }

    private static int id(Path file, JsonNode node) {
        int id = node.isInt() ? node.asInt() : -1;
        if (id < 0 || id > 1 << 24) {
            throw bad(file, "it has the token id " + node);
        }
        return id;
    }

    static JsonNode json(Path file) {
        try {
            return JsonMapper.shared().readTree(bytes(file));
        } catch (JacksonException e) {
            throw bad(file, e.getOriginalMessage());
        }
    }

    private static byte[] bytes(Path file) {
        try {
            if (Files.size(file) > LARGEST) {
                throw bad(file, "it is too large");
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new VoiceException(file + " cannot be read: install the model again", e);
        }
    }

    static VoiceException bad(Path file, String why) {
        return new VoiceException(
                file.getFileName() + " is damaged: " + why + "; install the model again");
    }
}
