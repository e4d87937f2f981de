package dev.skald.cli.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * What one stage of a model took for one text.
 *
 * @param text the name of the text
 * @param characters its length
 * @param stage its name
 * @param work how much it did, in the median; of what takes no time, a count, the mean
 * @param unit of the work: {@link #GFLOP}, or what is counted
 * @param seconds what it took each time
 */
record BenchStage(
        String text, int characters, String stage, double work, String unit, BenchSeries seconds) {
    /** 10^9 additions and multiplications that the network asks for. */
    static final String GFLOP = "GFLOP";

    /** Work a second; 0 of what takes no time, a count. */
    double rate() {
        return seconds.median() == 0 ? 0 : work / seconds.median();
    }

    static BenchStage of(JsonNode json) {
        return new BenchStage(
                json.path("text").asString(),
                json.path("characters").asInt(),
                json.path("stage").asString(),
                json.path("work").asDouble(),
                json.path("unit").asString(),
                BenchSeries.of(json.path("seconds")));
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("text", text);
        json.put("characters", characters);
        json.put("stage", stage);
        json.put("work", work);
        json.put("unit", unit);
        json.put("seconds", seconds.measured());
        json.put("work_per_second", rate());
        return json;
    }
}
