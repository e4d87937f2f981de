package dev.skald.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** What a fresh process tells of one text: the whole way, and each stage of the model. */
record BenchResult(BenchRow row, List<BenchStage> stages) {
    static BenchResult of(JsonNode json) {
        List<BenchStage> stages = new ArrayList<>();
        for (JsonNode stage : json.path("stages")) {
            stages.add(BenchStage.of(stage));
        }
        return new BenchResult(BenchRow.of(json.path("row")), stages);
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("row", row.json());
        json.put("stages", stages.stream().map(BenchStage::json).toList());
        return json;
    }
}
