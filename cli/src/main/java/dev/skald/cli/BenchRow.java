package dev.skald.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * One text spoken by one program.
 *
 * @param program {@code skald}, or the peer and its version
 * @param text the name of the text
 * @param characters its length
 * @param cold seconds from process start to the finished file
 * @param load seconds to load the voice in a fresh process
 * @param first seconds from the request to the first audio, warm
 * @param total seconds from the request to the last audio, warm
 * @param audio seconds of audio of each repetition
 * @param peakBytes peak resident memory of the process that spoke it repeatedly
 */
record BenchRow(
        String program,
        String text,
        int characters,
        BenchSeries cold,
        BenchSeries load,
        BenchSeries first,
        BenchSeries total,
        BenchSeries audio,
        long peakBytes) {

    double charactersPerSecond() {
        return characters / total.median();
    }

    double realTimeFactor() {
        return total.median() / audio.median();
    }

    static BenchRow of(JsonNode json) {
        return new BenchRow(
                json.path("program").asString(),
                json.path("text").asString(),
                json.path("characters").asInt(),
                series(json.path("cold_s")),
                series(json.path("load_s")),
                series(json.path("first_audio_s")),
                series(json.path("total_s")),
                series(json.path("audio_s")),
                json.path("peak_rss_bytes").asLong());
    }

    BenchRow withCold(BenchSeries cold) {
        return new BenchRow(program, text, characters, cold, load, first, total, audio, peakBytes);
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("program", program);
        json.put("text", text);
        json.put("characters", characters);
        json.put("cold_s", cold.measured());
        json.put("load_s", load.measured());
        json.put("first_audio_s", first.measured());
        json.put("total_s", total.measured());
        json.put("audio_s", audio.measured());
        json.put("characters_per_second", charactersPerSecond());
        json.put("real_time_factor", realTimeFactor());
        json.put("peak_rss_bytes", peakBytes);
        return json;
    }

    private static BenchSeries series(JsonNode values) {
        List<Double> list = new ArrayList<>();
        for (JsonNode value : values) {
            list.add(value.asDouble());
        }
        return list.isEmpty() ? BenchSeries.none() : new BenchSeries(list);
    }
}
