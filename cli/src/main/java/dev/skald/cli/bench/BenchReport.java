package dev.skald.cli.bench;

import dev.skald.tensor.cpu.MachineFloor;
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
 * @param stages where the time of the warm ones went
 * @param floor what this machine can do at most
 * @param memory how that of a GPU is used; empty on a CPU
 */
record BenchReport(
        String date,
        String commit,
        String machine,
        String voice,
        int threads,
        int repetitions,
        int warmUp,
        List<BenchRow> rows,
        List<BenchStage> stages,
        MachineFloor floor,
        String memory) {

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
                "| program | characters | process start to finished file | process start to first"
                        + " audio | load the voice | first audio | total | characters/s | real-time"
                        + " factor | peak RSS | peak GPU memory |\n");
        out.append("|---|---|---|---|---|---|---|---|---|---|---|\n");
        for (BenchRow row : rows) {
            out.append(
                    String.format(
                            Locale.ROOT,
                            "| %s | %d | %s | %s | %s | %s | %s | %s | %s | %s | %s |%n",
                            row.program(),
                            row.characters(),
                            shown(row.cold()),
                            shown(row.start()),
                            shown(row.load()),
                            shown(row.first()),
                            shown(row.total()),
                            row.pace(),
                            row.factor(),
                            AblationReport.megabytes(row.peakBytes()),
                            AblationReport.megabytes(row.gpuBytes())));
        }
        peers(out);
        if (!memory.isEmpty()) {
            out.append("\nMemory of ").append(memory).append(".\n");
        }
        stages(out);
        return out.toString().replace(System.lineSeparator(), "\n");
    }

    /** Beside the peers, and what they did not speak. */
    private void peers(StringBuilder out) {
        Map<String, String> faster = new LinkedHashMap<>();
        for (BenchRow peer : rows) {
            if (!peer.failure().isEmpty()) {
                out.append("\n").append(peer.told()).append("\n");
            }
            rows.stream()
                    .filter(own -> own != peer && own.program().startsWith("skald "))
                    .filter(own -> own.text().equals(peer.text()) && peer.whole())
                    .forEach(
                            own ->
                                    faster.merge(
                                            peer.program(),
                                            AblationReport.format(
                                                    "%.1f (%d characters)",
                                                    peer.total().median() / own.total().median(),
                                                    own.characters()),
                                            (a, b) -> a + ", " + b));
        }
        faster.forEach(
                (peer, times) ->
                        out.append("\nTimes as fast as ")
                                .append(peer)
                                .append(": ")
                                .append(times)
                                .append(".\n"));
    }

    private void stages(StringBuilder out) {
        out.append(
                String.format(
                        Locale.ROOT,
                        "%nStages, warm; all threads work on one sentence at a time. The floor of"
                                + " this machine: %.0f GFLOP/s of %d threads, %.0f of one (nothing"
                                + " but fused multiply-adds); %.1f GB/s read from memory.%n%n",
                        floor.gflops(),
                        floor.threads(),
                        floor.threadGflops(),
                        floor.gigabytes()));
        out.append("| characters | stage | time | work | a second | of the floor |\n");
        out.append("|---|---|---|---|---|---|\n");
        for (BenchStage stage : stages) {
            String share =
                    stage.unit().equals(BenchStage.GFLOP)
                            ? String.format(
                                    Locale.ROOT, "%.0f %%", 100 * stage.rate() / floor.gflops())
                            : "";
            out.append(
                    String.format(
                            Locale.ROOT,
                            "| %d | %s | %s | %s %s | %s %s | %s |%n",
                            stage.characters(),
                            stage.stage(),
                            stage.seconds().seconds(),
                            significant(stage.work()),
                            stage.unit(),
                            significant(stage.rate()),
                            stage.unit(),
                            share));
        }
    }

    /** With three digits that mean something. */
    private static String significant(double value) {
        int decimals = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
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
        json.put("stages", stages.stream().map(BenchStage::json).toList());
        Map<String, Object> limits = new LinkedHashMap<>();
        limits.put("threads", floor.threads());
        limits.put("gflops_one_thread", floor.threadGflops());
        limits.put("gflops", floor.gflops());
        limits.put("gigabytes_per_second", floor.gigabytes());
        json.put("floor", limits);
        json.put("device_memory", memory);
        return json;
    }
}
