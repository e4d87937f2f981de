package dev.skald.testkit;

import dev.skald.tensor.io.StoredTensor;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * One case of a {@link GoldenFile}: parameters, inputs, and what the official code made of them.
 */
public final class GoldenCase {
    private final GoldenFile file;
    private final String name;
    private final JsonNode manifest;

    GoldenCase(GoldenFile file, String name, JsonNode manifest) {
        this.file = file;
        this.name = name;
        this.manifest = manifest;
    }

    public GoldenFile file() {
        return file;
    }

    public String name() {
        return name;
    }

    public JsonNode params() {
        return manifest.path("params");
    }

    public JsonNode facts() {
        return manifest.path("facts");
    }

    /** Whether the case has that tensor: {@code in.noise}, {@code tap.layer0}. */
    public boolean has(String tensor) {
        return manifest.path("tensors").has(tensor);
    }

    /** Whether a parameter is set: there, and not false. */
    public boolean says(String parameter) {
        JsonNode value = params().path(parameter);
        return !value.isMissingNode()
                && !value.isNull()
                && !(value.isBoolean() && !value.asBoolean());
    }

    /**
     * The clips {@code in.wav0, in.wav1, ...}. {@code in.unit}, repeated up to {@code
     * tile_samples}, stands for the number that is missing.
     */
    public List<float[]> clips() {
        List<float[]> clips = new ArrayList<>();
        boolean unit = has("in.unit");
        for (int i = 0; unit || has("in.wav" + i); i++) {
            if (has("in.wav" + i)) {
                clips.add(floats("in.wav" + i));
            } else {
                clips.add(tiled(floats("in.unit"), params().path("tile_samples").asInt()));
                unit = false;
            }
        }
        return clips;
    }

    private static float[] tiled(float[] unit, int samples) {
        float[] tiled = new float[samples];
        for (int i = 0; i < samples; i++) {
            tiled[i] = unit[i % unit.length];
        }
        return tiled;
    }

    /** Values of {@code in.wav}; infinities are kept as they are. */
    public float[] floats(String tensor) {
        return stored(tensor).floatsAsStored();
    }

    public int[] ints(String tensor) {
        return stored(tensor).ints();
    }

    public int[] shape(String tensor) {
        return stored(tensor).shape();
    }

    /** The tensors of the case with what the manifest says of each. */
    JsonNode tensors() {
        return manifest.path("tensors");
    }

    StoredTensor stored(String tensor) {
        int dot = tensor.indexOf('.');
        return file.tensors().get(tensor.substring(0, dot) + "." + name + tensor.substring(dot));
    }

    @Override
    public String toString() {
        return file.stage() + "/" + name;
    }
}
