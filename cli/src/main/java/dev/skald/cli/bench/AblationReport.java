package dev.skald.cli.bench;

import dev.skald.Optimisation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code skald bench --ablate} and {@code --baseline} found.
 *
 * @param comparisons all optimisations against none of them, text by text
 * @param rows each optimisation by itself
 * @param rowsText the text of the rows
 * @param others other programs on the same texts
 */
record AblationReport(
        String date,
        String commit,
        String machine,
        String device,
        String voice,
        boolean gpu,
        List<Comparison> comparisons,
        List<Row> rows,
        String rowsText,
        List<BenchRow> others) {

    /**
     * All optimisations and none of them, on one text.
     *
     * @param first seconds to the first audio of somebody who listens
     * @param distance of the optimised audio to the baseline's, which is fp32
     */
    record Comparison(
            String text,
            int characters,
            BenchSeries optimised,
            BenchSeries baseline,
            BenchSeries first,
            BenchSeries firstBaseline,
            double audio,
            double audioBaseline,
            long peak,
            long peakBaseline,
            AudioDistance distance) {

        Comparison withDistance(AudioDistance far) {
            return new Comparison(
                    text,
                    characters,
                    optimised,
                    baseline,
                    first,
                    firstBaseline,
                    audio,
                    audioBaseline,
                    peak,
                    peakBaseline,
                    far);
        }

        /** In one line. */
        String told() {
            return format(
                    "%s: %s with all, %s with none, %.1f times as long",
                    text, optimised.seconds(), baseline.seconds(), speedUp());
        }

        /** By characters a second, for of a model that draws, audio is not of one length. */
        double speedUp() {
            return baseline.median() / optimised.median();
        }

        Map<String, Object> json() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("text", text);
            json.put("characters", characters);
            json.put("optimised_s", optimised.measured());
            json.put("baseline_s", baseline.measured());
            json.put("speed_up", speedUp());
            json.put("first_audio_s", first.measured());
            json.put("baseline_first_audio_s", firstBaseline.measured());
            json.put("audio_s", audio);
            json.put("baseline_audio_s", audioBaseline);
            json.put("characters_per_second", characters / optimised.median());
            json.put("baseline_characters_per_second", characters / baseline.median());
            json.put("audio_seconds_per_second", audio / optimised.median());
            json.put("baseline_audio_seconds_per_second", audioBaseline / baseline.median());
            json.put("peak_bytes", peak);
            json.put("baseline_peak_bytes", peakBaseline);
            json.put("distance", AblationReport.json(distance));
            return json;
        }
    }

    /**
     * One side of a row.
     *
     * @param distance to fp32
     */
    record Side(BenchSeries seconds, double load, long peak, AudioDistance distance) {
        Map<String, Object> json() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("seconds", seconds.measured());
            json.put("load_s", load);
            json.put("peak_bytes", peak);
            json.put("distance_to_fp32", AblationReport.json(distance));
            return json;
        }
    }

    /**
     * One optimisation.
     *
     * @param reason why it was not measured; empty if it was
     * @param same whether the samples are the same with and without it
     */
    record Row(
            Optimisation what,
            String reason,
            @Nullable Side with,
            @Nullable Side without,
            boolean same) {
        static Row none(Optimisation what, String reason) {
            return new Row(what, reason, null, null, true);
        }

        /** In one line. */
        String told() {
            return with == null || without == null
                    ? what + ": " + reason
                    : format(
                            "%s: %s with, %s without, %.2f times as long",
                            what, with.seconds.seconds(), without.seconds.seconds(), factor());
        }

        /** How many times as long it takes without. */
        double factor() {
            return with == null || without == null
                    ? 1
                    : without.seconds.median() / with.seconds.median();
        }

        Map<String, Object> json() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("optimisation", what.toString());
            if (with == null || without == null) {
                json.put("reason", reason);
                return json;
            }
            json.put("with", with.json());
            json.put("without", without.json());
            json.put("factor", factor());
            json.put("same_samples", same);
            return json;
        }
    }

    private static Map<String, Object> json(AudioDistance d) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("same", d.same());
        // Not a number of JSON where nothing differs.
        if (Double.isFinite(d.snr())) {
            json.put("snr_db", d.snr());
            json.put("log_mel_db", d.logMel());
        }
        return json;
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("date", date);
        json.put("commit", commit);
        json.put("machine", machine);
        json.put("device", device);
        json.put("voice", voice);
        json.put("comparisons", comparisons.stream().map(Comparison::json).toList());
        json.put("rows_text", rowsText);
        json.put("rows", rows.stream().map(Row::json).toList());
        json.put("others", others.stream().map(BenchRow::json).toList());
        return json;
    }

    String markdown() {
        List<String> lines = new ArrayList<>();
        lines.add("### " + date + ", commit " + commit + ", optimised against baseline");
        lines.add("");
        lines.add(machine + "; " + device + "; voice " + voice + ". Medians (smallest–largest).");
        if (!comparisons.isEmpty()) {
            comparisons(lines);
        }
        if (!rows.isEmpty()) {
            rows(lines);
        }
        return String.join("\n", lines) + "\n";
    }

    private void comparisons(List<String> lines) {
        lines.add("");
        lines.add(
                "| program | characters | time | first audio | characters/s | audio s/s | speed-up |"
                        + " peak memory | audio against fp32 |");
        lines.add("|---|---|---|---|---|---|---|---|---|");
        for (Comparison c : comparisons) {
            lines.add(
                    line(
                            "optimised",
                            c.characters,
                            c.optimised,
                            c.first,
                            c.audio,
                            format("%.1f", c.speedUp()),
                            c.peak,
                            c.distance.shown()));
            lines.add(
                    line(
                            "baseline",
                            c.characters,
                            c.baseline,
                            c.firstBaseline,
                            c.audioBaseline,
                            "1",
                            c.peakBaseline,
                            "0"));
        }
        for (BenchRow other : others) {
            lines.add(
                    line(
                            other.program(),
                            other.characters(),
                            other.total(),
                            other.first(),
                            other.audio().median(),
                            "",
                            other.peakBytes(),
                            ""));
        }
    }

    private static String line(
            String program,
            int characters,
            BenchSeries time,
            BenchSeries first,
            double audio,
            String speedUp,
            long peak,
            String distance) {
        return format(
                "| %s | %d | %s | %s | %.0f | %.1f | %s | %s | %s |",
                program,
                characters,
                time.seconds(),
                Double.isNaN(first.median()) ? "" : format("%.3f s", first.median()),
                characters / time.median(),
                audio / time.median(),
                speedUp,
                megabytes(peak),
                distance);
    }

    private void rows(List<String> lines) {
        lines.add("");
        lines.add("Each by itself, text " + rowsText + ":");
        lines.add("");
        lines.add(
                "| optimisation | with | without | factor | load with / without | peak memory with /"
                        + " without | audio against fp32, with / without | same samples |");
        lines.add("|---|---|---|---|---|---|---|---|");
        for (Row r : rows) {
            Side a = r.with;
            Side b = r.without;
            if (a == null || b == null) {
                lines.add(format("| %s | %s | | | | | | |", r.what, r.reason));
                continue;
            }
            lines.add(
                    format(
                            "| %s | %s | %s | %.2f | %.2f / %.2f s | %s / %s | %s / %s | %s |",
                            r.what,
                            a.seconds.seconds(),
                            b.seconds.seconds(),
                            r.factor(),
                            a.load,
                            b.load,
                            megabytes(a.peak),
                            megabytes(b.peak),
                            a.distance.shown(),
                            b.distance.shown(),
                            r.same ? "yes" : "no"));
        }
    }

    static String megabytes(long bytes) {
        return bytes == 0 ? "" : format("%.0f MB", bytes / 1e6);
    }

    static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
