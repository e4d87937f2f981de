package dev.skald.testkit;

import dev.skald.tensor.io.Safetensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A folder of golden values: a {@code manifest.json} and the files it names. Each stage of the
 * models has a safetensors file of small random weights, inputs, intermediate values and outputs of
 * the official code; the manifest says what each tensor means and how far a result may be off.
 */
public final class GoldenSet implements AutoCloseable {
    private final Path folder;
    private final JsonNode manifest;
    private final List<GoldenFile> files = new ArrayList<>();
    private final Map<String, Safetensors> open = new HashMap<>();

    private GoldenSet(Path folder) {
        this.folder = folder;
        this.manifest = json(folder.resolve("manifest.json"));
        for (JsonNode file : manifest.path("files")) {
            files.add(new GoldenFile(this, file));
        }
    }

    /** Reads the manifest. */
    public static GoldenSet open(Path folder) {
        return new GoldenSet(folder);
    }

    public Path folder() {
        return folder;
    }

    public JsonNode manifest() {
        return manifest;
    }

    public List<GoldenFile> files() {
        return files;
    }

    /** The file of a stage, whose weights another stage needs. */
    public GoldenFile stage(String stage) {
        return files.stream()
                .filter(f -> f.stage().equals(stage))
                .findFirst()
                .orElseThrow(() -> new AssertionError(folder + " has no file of stage " + stage));
    }

    /** A JSON file of the set. */
    public JsonNode json(String name) {
        return json(folder.resolve(name));
    }

    private static JsonNode json(Path path) {
        try {
            return JsonMapper.shared().readTree(Files.readAllBytes(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    synchronized Safetensors tensors(String file) {
        return open.computeIfAbsent(file, name -> Safetensors.open(folder.resolve(name)));
    }

    @Override
    public synchronized void close() {
        open.values().forEach(Safetensors::close);
        open.clear();
    }
}
