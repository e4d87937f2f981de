package dev.skald.cli.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * What a fresh process tells of one text.
 *
 * @param voice who spoke
 * @param row the whole way
 * @param stages each stage of the model
 * @param memory how that of a GPU is used; empty on a CPU
 */
record BenchResult(String voice, BenchRow row, List<BenchStage> stages, String memory) {
    static BenchResult of(JsonNode json) {
        List<BenchStage> stages = new ArrayList<>();
        for (JsonNode stage : json.path("stages")) {
            stages.add(BenchStage.of(stage));
        }
        return new BenchResult(
                json.path("voice").asString(),
                BenchRow.of(json.path("row")),
                stages,
                json.path("memory").asString());
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("voice", voice);
        json.put("row", row.json());
        json.put("stages", stages.stream().map(BenchStage::json).toList());
        json.put("memory", memory);
        return json;
    }
}
