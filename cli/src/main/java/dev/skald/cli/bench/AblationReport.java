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
 * @param others other programs; those on texts of the comparisons are shown beside them
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
     * @param distance of the optimised audio to the baseline's, which is fp32
     */
    record Comparison(BenchRow optimised, BenchRow baseline, AudioDistance distance) {
        Comparison withDistance(AudioDistance far) {
            return new Comparison(optimised, baseline, far);
        }

        String text() {
            return optimised.text();
        }

        int characters() {
            return optimised.characters();
        }

        /** In one line. */
        String told() {
            return format(
                    "%s: %s with all, %s with none, %.1f times as long",
                    text(),
                    optimised.total().seconds(),
                    baseline.total().seconds(),
                    times(baseline));
        }

        /** How many times as long the other one takes for the same text. */
        double times(BenchRow other) {
            return other.total().median() / optimised.total().median();
        }

        /** Other programs on the same text. */
        List<BenchRow> of(List<BenchRow> others) {
            return others.stream().filter(o -> o.text().equals(text())).toList();
        }

        Map<String, Object> json(List<BenchRow> others) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("text", text());
            json.put("characters", characters());
            json.put("speed_up", times(baseline));
            json.put("optimised", optimised.json());
            json.put("baseline", baseline.json());
            json.put("distance", AblationReport.json(distance));
            List<Map<String, Object>> rows = new ArrayList<>();
            for (BenchRow other : of(others)) {
                Map<String, Object> row = other.json();
                if (other.whole()) {
                    row.put("optimised_is_faster", times(other));
                }
                rows.add(row);
            }
            json.put("others", rows);
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
     * @param text the name of what was spoken
     * @param same whether the samples are the same with and without it
     */
    record Row(
            Optimisation what,
            String reason,
            String text,
            @Nullable Side with,
            @Nullable Side without,
            boolean same) {
        static Row none(Optimisation what, String reason) {
            return new Row(what, reason, "", null, null, true);
        }

        /** In one line. */
        String told() {
            return with == null || without == null
                    ? what + ": " + reason
                    : format(
                            "%s: %s with, %s without, %.2f times as long",
                            what, with.seconds.seconds(), without.seconds.seconds(), factor());
        }

        /** Its name, and the text if that is not the one of the other rows. */
        String name(String rowsText) {
            boolean own = with != null && !text.equals(rowsText);
            return what + (own ? " (" + text + " text)" : "");
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
            json.put("text", text);
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
        json.put("comparisons", comparisons.stream().map(c -> c.json(others)).toList());
        json.put("rows_text", rowsText);
        json.put("rows", rows.stream().map(Row::json).toList());
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
                "| program | characters | time | optimised is faster | characters/s | real-time"
                        + " factor | first audio | load | peak memory | peak GPU memory | audio"
                        + " against fp32 |");
        lines.add("|---|---|---|---|---|---|---|---|---|---|---|");
        for (Comparison c : comparisons) {
            lines.add(line(c.optimised, "1", c.distance.shown()));
            lines.add(line(c.baseline, format("%.1f", c.times(c.baseline)), "0"));
            for (BenchRow other : c.of(others)) {
                String times = other.whole() ? format("%.1f", c.times(other)) : "";
                lines.add(line(other, times, other.failure()));
            }
        }
    }

    private static String line(BenchRow row, String faster, String distance) {
        String time = Double.isNaN(row.total().median()) ? "" : row.total().seconds();
        return "| "
                + String.join(
                        " | ",
                        row.program(),
                        Integer.toString(row.characters()),
                        time,
                        faster,
                        row.pace(),
                        row.factor(),
                        row.first().shown(),
                        row.load().shown(),
                        megabytes(row.peakBytes()),
                        megabytes(row.gpuBytes()),
                        distance)
                + " |";
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
                            r.name(rowsText),
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
