package dev.skald.cli.bench;

import static dev.skald.cli.bench.AblationReport.format;
import static dev.skald.cli.bench.AblationReport.megabytes;
import static dev.skald.cli.bench.Svg.escape;

import dev.skald.cli.bench.AblationReport.Comparison;
import dev.skald.cli.bench.AblationReport.Row;
import dev.skald.cli.bench.AblationReport.Side;
import dev.skald.cli.bench.Svg.Bar;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/** What was measured as one HTML page that needs nothing else. */
record BenchPage(AblationReport report) {
    /** How much slower it must be for a row to be called a gain. */
    private static final double NOTHING = 1.02;

    /** Of memory, in percent. */
    private static final double LITTLE = 3;

    String html() {
        StringBuilder out = new StringBuilder("<!doctype html>\n<html lang=\"en\">\n<head>\n");
        out.append("<meta charset=\"utf-8\">\n");
        out.append(
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                        + "<meta name=\"color-scheme\" content=\"light dark\">\n");
        out.append("<title>Skald: what its optimisations buy</title>\n<style>\n")
                .append(style())
                .append("</style>\n</head>\n<body>\n<main>\n<header>\n");
        out.append("<h1>What Skald’s optimisations buy</h1>\n<p class=\"sub\">");
        out.append(escape(report.voice() + " on " + report.device()))
                .append("<br>")
                .append(escape(report.machine()))
                .append("<br>")
                .append(escape(report.date() + ", commit " + report.commit()))
                .append("</p>\n</header>\n");
        if (!report.comparisons().isEmpty()) {
            tiles(out);
            texts(out);
        }
        if (!report.rows().isEmpty()) {
            each(out);
            memory(out);
        }
        out.append("<section><h2>All numbers</h2>\n");
        tables(out);
        out.append("</section>\n");
        method(out);
        return out.append("</main>\n</body>\n</html>\n").toString();
    }

    private static String style() {
        try (InputStream in =
                Objects.requireNonNull(BenchPage.class.getResourceAsStream("bench.css"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- the few numbers that matter

    private void tiles(StringBuilder out) {
        Comparison c = report.comparisons().getLast();
        out.append("<div class=\"tiles\">\n");
        tile(
                out,
                format("%.1f×", c.times(c.baseline())),
                "faster than with all off, " + c.characters() + " characters");
        official(out);
        double rate = 1 / c.optimised().realTimeFactor();
        tile(out, format("%.0f s", rate), "of speech made each second");
        tile(
                out,
                format("%.0f ms", 1000 * c.optimised().first().median()),
                "to the first sound, for one who listens");
        tile(
                out,
                c.distance().same() ? "0 dB" : format("%.2g dB", c.distance().logMel()),
                "mean log-mel difference to fp32 throughout");
        out.append("</div>\n");
    }

    /** The longest text that another program spoke whole. */
    private void official(StringBuilder out) {
        for (Comparison c : report.comparisons().reversed()) {
            for (BenchRow other : c.of(report.others())) {
                if (other.whole()) {
                    String of = " than " + other.program() + ", " + c.characters() + " characters";
                    tile(out, format("%.1f×", c.times(other)), "faster" + of);
                    return;
                }
            }
        }
    }

    private static void tile(StringBuilder out, String number, String what) {
        out.append("<div class=\"tile\"><b>")
                .append(escape(number))
                .append("</b><span>")
                .append(escape(what))
                .append("</span></div>\n");
    }

    // ---- text by text

    private void texts(StringBuilder out) {
        out.append(
                "<section><h2>Short to long</h2>\n<p>Seconds to speak a text; shorter is better.");
        out.append(" Each text has a scale of its own.</p>\n");
        for (Comparison c : report.comparisons()) {
            List<Bar> bars = new ArrayList<>();
            bars.add(
                    new Bar(
                            "Skald",
                            c.optimised().total().median(),
                            "s1",
                            c.optimised().total().shown()));
            bars.add(
                    new Bar(
                            "Skald, all off",
                            c.baseline().total().median(),
                            "s2",
                            times(c, c.baseline())));
            StringBuilder failures = new StringBuilder();
            for (BenchRow other : c.of(report.others())) {
                if (other.whole()) {
                    double s = other.total().median();
                    bars.add(new Bar(other.program(), s, "s3", times(c, other)));
                } else {
                    failures.append("<p class=\"note\">");
                    failures.append(escape(other.program() + ": " + other.failure()));
                    failures.append("</p>\n");
                }
            }
            String title = c.text() + ", " + c.characters() + " characters";
            out.append("<h3>").append(escape(title)).append("</h3>\n");
            out.append(Svg.bars(title, bars, 0)).append(failures);
        }
        out.append("</section>\n");
    }

    private static String times(Comparison c, BenchRow other) {
        return format("%s  (%.1f×)", other.total().shown(), c.times(other));
    }

    // ---- one by one

    private List<Row> measured() {
        return report.rows().stream()
                .filter(r -> r.with() != null)
                .sorted(Comparator.comparingDouble(Row::factor).reversed())
                .toList();
    }

    private void each(StringBuilder out) {
        out.append("<section><h2>Each by itself</h2>\n<p>How many times as long the ");
        out.append(escape(report.rowsText()));
        out.append(" text takes when that one is switched off and all others stay on.</p>\n");
        List<Bar> bars = new ArrayList<>();
        for (Row r : measured()) {
            boolean gains = r.factor() >= NOTHING;
            bars.add(
                    new Bar(
                            r.name(report.rowsText()),
                            r.factor(),
                            gains ? "s1" : "s0",
                            format("%.2f×", r.factor())));
        }
        out.append(Svg.bars("time without each optimisation", bars, 0));
        StringBuilder none = new StringBuilder();
        for (Row r : report.rows()) {
            if (r.with() == null) {
                none.append(none.isEmpty() ? "" : "; ").append(r.what()).append(": ");
                none.append(r.reason());
            }
        }
        if (!none.isEmpty()) {
            out.append("<p class=\"note\">Not measured: ").append(escape(none.toString()));
            out.append(".</p>\n");
        }
        out.append("</section>\n");
    }

    private void memory(StringBuilder out) {
        List<Bar> bars = new ArrayList<>();
        long with = 0;
        for (Row r : measured()) {
            Side a = r.with();
            Side b = r.without();
            if (a == null || b == null || a.peak() == 0 || b.peak() == 0) {
                continue;
            }
            if (with == 0) {
                with = a.peak();
                bars.add(new Bar("all on", with, "s1", megabytes(with)));
            }
            if (Math.abs(change(with, b.peak())) < LITTLE) {
                continue;
            }
            bars.add(
                    new Bar(
                            "without " + r.what(),
                            b.peak(),
                            "s2",
                            format("%s  (%+.0f %%)", megabytes(b.peak()), change(with, b.peak()))));
        }
        if (bars.isEmpty()) {
            return;
        }
        out.append("<section><h2>Memory</h2>\n<p>The most that was taken at once, ");
        out.append(report.gpu() ? "of the card" : "of a process that speaks the text");
        out.append("; what changes it by less than 3 % is left out.</p>\n")
                .append(Svg.bars("peak memory", bars, 0))
                .append("</section>\n");
    }

    private static double change(long from, long to) {
        return 100.0 * (to - from) / from;
    }

    // ---- tables

    /** Of the report's Markdown: the same numbers, said once. */
    private void tables(StringBuilder out) {
        boolean open = false;
        boolean head = false;
        for (String line : report.markdown().lines().toList()) {
            if (!line.startsWith("|")) {
                out.append(open ? "</tbody></table></div>\n" : "");
                open = false;
                continue;
            }
            if (line.startsWith("|---")) {
                continue;
            }
            if (!open) {
                out.append("<div class=\"scroll\"><table><thead>");
                open = true;
                head = true;
            }
            String cell = head ? "th" : "td";
            out.append("<tr>");
            String inner = line.substring(1, line.length() - 1);
            for (String value : inner.split("\\|", -1)) {
                out.append('<').append(cell).append('>').append(escape(value.strip()));
                out.append("</").append(cell).append('>');
            }
            out.append("</tr>").append(head ? "</thead><tbody>" : "").append('\n');
            head = false;
        }
        out.append(open ? "</tbody></table></div>\n" : "");
    }

    private void method(StringBuilder out) {
        out.append("<section><h2>How it was measured</h2>\n<ul>\n");
        String[] points = {
            "Medians, and between which values they lie. What is compared is spoken in turn, so that"
                    + " whatever else the machine does meets both.",
            "The baseline is the same program with every switch off: fp32, no kept memory, one"
                    + " thread, the model loaded for each text, no fused kernels, nothing recorded. On a"
                    + " GPU the kernels of the token decoder know bf16 alone, so in fp32 tokens are"
                    + " drawn op by op.",
            "Audio is compared with fp32 throughout: SNR over all samples, and the mean difference"
                    + " of 80 log-mel bands. Of a model that draws its tokens it is the sound of"
                    + " tokens that are given.",
            "The official code is the Python package as it is installed, fp32, on the same texts,"
                    + " checkpoint, voice, seed and device, each text in a fresh process after a"
                    + " warm-up. It gives no audio before all of it is made. A text that it cuts off"
                    + " or refuses has no speed.",
            "Again on your machine: skald bench --ablate --html page.html, and with --official"
                    + " PYTHON the official code beside it."
        };
        for (String point : points) {
            out.append("<li>").append(escape(point)).append("</li>\n");
        }
        out.append("</ul></section>\n");
    }
}
