package dev.skald.text.markup;

import java.util.Locale;

/** Where a page may be cut: behind the end of a block. */
final class HtmlBlocks {
    private HtmlBlocks() {}

    static boolean ends(StringBuilder html) {
        int open = html.lastIndexOf("<");
        if (open < 0 || !html.substring(open).startsWith("</")) {
            return false;
        }
        String name = html.substring(open + 2, html.length() - 1).strip().toLowerCase(Locale.ROOT);
        return switch (name) {
            case "p",
                    "div",
                    "li",
                    "tr",
                    "h1",
                    "h2",
                    "h3",
                    "h4",
                    "h5",
                    "h6",
                    "section",
                    "article",
                    "blockquote",
                    "ul",
                    "ol",
                    "table" ->
                    true;
            default -> false;
        };
    }
}
