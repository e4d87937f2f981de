package dev.skald.cli.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * One text spoken by one program.
 *
 * @param program {@code skald}, or the peer and its version
 * @param text the name of the text
 * @param characters its length
 * @param cold seconds from process start to the finished file
 * @param start seconds from process start to the first audio of a fresh process
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
        BenchSeries start,
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
                BenchSeries.of(json.path("cold_s")),
                BenchSeries.of(json.path("start_to_first_audio_s")),
                BenchSeries.of(json.path("load_s")),
                BenchSeries.of(json.path("first_audio_s")),
                BenchSeries.of(json.path("total_s")),
                BenchSeries.of(json.path("audio_s")),
                json.path("peak_rss_bytes").asLong());
    }

    BenchRow withCold(BenchSeries cold) {
        return new BenchRow(
                program, text, characters, cold, start, load, first, total, audio, peakBytes);
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("program", program);
        json.put("text", text);
        json.put("characters", characters);
        json.put("cold_s", cold.measured());
        json.put("start_to_first_audio_s", start.measured());
        json.put("load_s", load.measured());
        json.put("first_audio_s", first.measured());
        json.put("total_s", total.measured());
        json.put("audio_s", audio.measured());
        json.put("characters_per_second", charactersPerSecond());
        json.put("real_time_factor", realTimeFactor());
        json.put("peak_rss_bytes", peakBytes);
        return json;
    }
}
