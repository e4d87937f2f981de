package dev.skald.cli.bench;

import java.util.List;

/** Bars as SVG, coloured by the page's style sheet. */
final class Svg {
    private static final int WIDTH = 720;
    private static final int LABEL = 190;
    private static final int BAR = 18;
    private static final int GAP = 6;
    private static final int VALUE = 150;

    private Svg() {}

    /**
     * A bar.
     *
     * @param style its class: {@code s1}, {@code s2} ...
     * @param shown the value as it is written
     */
    record Bar(String label, double value, String style, String shown) {}

    /**
     * Bars one below the other, as long as their values.
     *
     * @param origin the value where bars begin
     */
    static String bars(String title, List<Bar> bars, double origin) {
        double most = bars.stream().mapToDouble(Bar::value).max().orElse(1) - origin;
        int height = bars.size() * (BAR + GAP) + GAP;
        StringBuilder out = new StringBuilder();
        out.append(
                format(
                        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">%n",
                        WIDTH, height, escape(title)));
        int y = GAP;
        for (Bar bar : bars) {
            double share = most <= 0 ? 0 : Math.max(0, bar.value - origin) / most;
            double length = Math.max(2, share * (WIDTH - LABEL - VALUE));
            int middle = y + BAR / 2;
            out.append(
                    format(
                            "<text class=\"label\" x=\"%d\" y=\"%d\">%s</text>",
                            LABEL - 8, middle, escape(bar.label)));
            out.append(
                    format(
                            "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\""
                                    + " rx=\"3\"><title>%s: %s</title></rect>",
                            bar.style,
                            LABEL,
                            y,
                            length,
                            BAR,
                            escape(bar.label),
                            escape(bar.shown)));
            out.append(
                    format(
                            "<text class=\"value\" x=\"%.1f\" y=\"%d\">%s</text>%n",
                            LABEL + length + 6, middle, escape(bar.shown)));
            y += BAR + GAP;
        }
        return out.append("</svg>\n").toString();
    }

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    private static String format(String format, Object... values) {
        return AblationReport.format(format, values).replace(System.lineSeparator(), "\n");
    }
}
