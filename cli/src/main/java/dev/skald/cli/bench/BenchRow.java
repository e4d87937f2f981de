package dev.skald.cli.bench;

import dev.skald.cli.console.Messages;
import java.util.LinkedHashMap;
import java.util.Locale;
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
 * @param peakBytes peak resident memory of the process that spoke it repeatedly; 0 if unknown
 * @param gpuBytes the most it took of a GPU's memory; 0 if of none
 * @param failure why the text was not spoken, or not whole, so that its time says nothing; empty if
 *     it was
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
        long peakBytes,
        long gpuBytes,
        String failure) {
    private static final int LONGEST = 200;

    /** Nothing was measured. */
    static BenchRow failed(String program, BenchText text, String failure) {
        BenchSeries none = BenchSeries.none();
        return new BenchRow(
                program,
                text.name(),
                text.text().length(),
                none,
                none,
                none,
                none,
                none,
                none,
                0,
                0,
                cell(failure));
    }

    /** Whether the text was spoken whole: another's time may be compared with its own. */
    boolean whole() {
        return failure.isEmpty() && !Double.isNaN(total.median());
    }

    /** Characters a second; empty of a text that was not spoken whole. */
    String pace() {
        double pace = charactersPerSecond();
        return whole() ? String.format(Locale.ROOT, pace < 10 ? "%.1f" : "%.0f", pace) : "";
    }

    /** The real-time factor; empty if nothing was spoken. */
    String factor() {
        return Double.isNaN(realTimeFactor())
                ? ""
                : String.format(Locale.ROOT, "%.4f", realTimeFactor());
    }

    /** In one line. */
    String told() {
        String time = Double.isNaN(total.median()) ? "" : total.seconds();
        return text
                + ": "
                + time
                + (time.isEmpty() || failure.isEmpty() ? "" : ", ")
                + failure
                + " ("
                + program
                + ")";
    }

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
                json.path("peak_rss_bytes").asLong(),
                json.path("peak_gpu_bytes").asLong(),
                cell(json.path("failure").asString("")));
    }

    /** For a cell of a table. */
    private static String cell(String text) {
        String line = Messages.oneLine(text).replace('|', '/');
        return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + " ...";
    }

    BenchRow withCold(BenchSeries cold) {
        return new BenchRow(
                program,
                text,
                characters,
                cold,
                start,
                load,
                first,
                total,
                audio,
                peakBytes,
                gpuBytes,
                failure);
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
        if (whole()) {
            json.put("characters_per_second", charactersPerSecond());
        }
        if (!Double.isNaN(realTimeFactor())) {
            json.put("real_time_factor", realTimeFactor());
        }
        json.put("peak_rss_bytes", peakBytes);
        json.put("peak_gpu_bytes", gpuBytes);
        json.put("failure", failure);
        return json;
    }
}
