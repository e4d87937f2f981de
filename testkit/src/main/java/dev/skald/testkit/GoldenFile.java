package dev.skald.testkit;

import dev.skald.tensor.Weights;
import dev.skald.tensor.io.Safetensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** One file of a {@link GoldenSet}: the weights of a stage and its cases. */
public final class GoldenFile {
    private final GoldenSet set;
    private final JsonNode manifest;

    GoldenFile(GoldenSet set, JsonNode manifest) {
        this.set = set;
        this.manifest = manifest;
    }

    public GoldenSet set() {
        return set;
    }

    /** The manifest's entry. */
    public JsonNode manifest() {
        return manifest;
    }

    public String stage() {
        return manifest.path("stage").asString();
    }

    public String name() {
        return manifest.path("file").asString();
    }

    public JsonNode config() {
        return manifest.path("config");
    }

    /** The weights under their official names, prefix included; inputs and results lie beside. */
    public Weights weights() {
        return tensors();
    }

    /** The weights without the prefix they have in the official checkpoint. */
    public Weights weightsUnderPrefix() {
        String prefix = manifest.path("key_prefix").asString();
        return prefix.isEmpty() ? tensors() : tensors().under(prefix);
    }

    public List<GoldenCase> cases() {
        List<GoldenCase> cases = new ArrayList<>();
        for (Map.Entry<String, JsonNode> e : manifest.path("cases").properties()) {
            cases.add(new GoldenCase(this, e.getKey(), e.getValue()));
        }
        return cases;
    }

    Safetensors tensors() {
        return set.tensors(name());
    }
}
