package dev.skald.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What {@code skald bench} found, for a person and for a program.
 *
 * @param date when, ISO 8601
 * @param commit what was measured
 * @param machine on what
 * @param voice who spoke
 * @param threads how many computed
 * @param repetitions how often each warm number was taken, after the warm-up
 * @param warmUp how often before
 * @param rows the numbers
 */
record BenchReport(
        String date,
        String commit,
        String machine,
        String voice,
        int threads,
        int repetitions,
        int warmUp,
        List<BenchRow> rows) {

    String markdown() {
        StringBuilder out = new StringBuilder();
        out.append(
                String.format(
                        Locale.ROOT,
                        "### %s, commit %s%n%n%s; voice %s; %d threads; %d repetitions after %d to"
                                + " warm up, a fresh process for each row; median (smallest–largest).%n%n",
                        date,
                        commit,
                        machine,
                        voice,
                        threads,
                        repetitions,
                        warmUp));
        out.append(
                "| program | characters | process start to finished file | load the voice | first"
                        + " audio | total | characters/s | real-time factor | peak RSS |\n");
        out.append("|---|---|---|---|---|---|---|---|---|\n");
        for (BenchRow row : rows) {
            out.append(
                    String.format(
                            Locale.ROOT,
                            "| %s | %d | %s | %s | %s | %s | %.0f | %.4f | %.0f MB |%n",
                            row.program(),
                            row.characters(),
                            shown(row.cold()),
                            shown(row.load()),
                            shown(row.first()),
                            shown(row.total()),
                            row.charactersPerSecond(),
                            row.realTimeFactor(),
                            row.peakBytes() / 1e6));
        }
        return out.toString().replace(System.lineSeparator(), "\n");
    }

    private static String shown(BenchSeries series) {
        return Double.isNaN(series.median()) ? "" : series.seconds();
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("date", date);
        json.put("commit", commit);
        json.put("machine", machine);
        json.put("voice", voice);
        json.put("threads", threads);
        json.put("repetitions", repetitions);
        json.put("warm_up", warmUp);
        json.put("rows", rows.stream().map(BenchRow::json).toList());
        return json;
    }
}
