package dev.skald.text.markup;

import dev.skald.text.origins.Origins;
import java.util.Set;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Element;
import org.jsoup.nodes.Node;
import org.jsoup.nodes.Range;
import org.jsoup.nodes.TextNode;
import org.jsoup.parser.Parser;
import org.jsoup.parser.Tag;
import org.jsoup.select.NodeVisitor;
import org.jspecify.annotations.Nullable;

/** What is said of HTML: its text, with breaks where blocks end. */
final class HtmlText {
    /** What is on no page. */
    private static final Set<String> UNSEEN =
            Set.of(
                    "script",
                    "style",
                    "head",
                    "title",
                    "template",
                    "noscript",
                    "iframe",
                    "svg",
                    "math",
                    "object",
                    "rt",
                    "rp",
                    "select",
                    "textarea");

    private static final String RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

    private HtmlText() {}

    /** Whether a name is one of HTML's elements. */
    static boolean element(String name) {
        return Tag.isKnownTag(name);
    }

    /** Whether what an element of that name holds is on no page. */
    static boolean unseen(String name) {
        return UNSEEN.contains(name);
    }

    /** Whether an element of that name ends the line before it. */
    static boolean block(String name) {
        return Tag.isKnownTag(name) && Tag.valueOf(name).isBlock();
    }

    /**
     * @param origins gets where each character stands in the page; null if nobody asks
     */
    static String read(String html, @Nullable Origins origins) {
        StringBuilder out = new StringBuilder(html.length());
        Parser parser = Parser.htmlParser().setTrackPosition(origins != null);
        // Not Element.text(): it knows no blocks.
        Jsoup.parse(html, "", parser).body().traverse(new Walk(html, out, origins));
        return out.toString();
    }

    /** Digits that are raised or lowered as characters, so that the rules of English see them. */
    static String shifted(String text, String by) {
        boolean digits = !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
        if (!digits) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            out.append(by.equals("sup") ? RAISED.charAt(digit) : (char) ('₀' + digit));
        }
        return out.toString();
    }

    private static final class Walk implements NodeVisitor {
        private final String html;
        private final StringBuilder out;
        private final @Nullable Origins origins;
        private int unseen;

        Walk(String html, StringBuilder out, @Nullable Origins origins) {
            this.html = html;
            this.out = out;
            this.origins = origins;
        }

        /** What was appended since the last call is of that node. */
        private void trace(Node node) {
            if (origins == null) {
                return;
            }
            Range range = node.sourceRange();
            // Text that stands where a table allows none is moved before it: it has no place then.
            boolean inOrder = range.isTracked() && range.startPos() >= origins.end();
            if (node instanceof TextNode && inOrder) {
                String source = html.substring(range.startPos(), range.endPos());
                String text = out.substring(origins.size()).replace(MarkupInput.BREAK, '\n');
                origins.add(Origins.between(source, text), range.startPos());
            } else if (node.normalName().equals("img") && inOrder) {
                origins.said(out.length(), range.startPos(), range.endPos());
            }
            origins.said(out.length(), origins.end(), origins.end());
        }

        @Override
        public void head(Node node, int depth) {
            if (node instanceof Element element) {
                if (hidden(element)) {
                    unseen++;
                } else if (unseen == 0) {
                    open(element);
                    trace(element);
                }
            } else if (node instanceof TextNode text && unseen == 0) {
                text(text);
                trace(text);
            }
        }

        private void open(Element element) {
            switch (element.normalName()) {
                case "br" -> out.append('\n');
                case "img", "area" -> out.append(' ').append(element.attr("alt")).append(' ');
                case "td", "th" -> {
                    if (element.previousElementSibling() != null) {
                        out.append(", ");
                    }
                }
                default -> breakFor(element);
            }
        }

        private void text(TextNode node) {
            Node parent = node.parent();
            String name = parent == null ? "" : parent.normalName();
            if (name.equals("sup") || name.equals("sub")) {
                out.append(shifted(node.getWholeText(), name));
            } else if (parent instanceof Element element && preserved(element)) {
                out.append(node.getWholeText().replace('\n', MarkupInput.BREAK));
            } else {
                out.append(node.getWholeText().replace('\n', ' '));
            }
        }

        private static boolean preserved(Element element) {
            return element.normalName().equals("pre") || element.closest("pre") != null;
        }

        @Override
        public void tail(Node node, int depth) {
            if (node instanceof Element element) {
                if (hidden(element)) {
                    unseen--;
                } else if (unseen == 0) {
                    breakFor(element);
                    trace(element);
                }
            }
        }

        private void breakFor(Element element) {
            boolean cell = element.normalName().equals("td") || element.normalName().equals("th");
            if (element.isBlock() && !cell) {
                out.append(MarkupInput.BREAK);
            }
        }

        private static boolean hidden(Element element) {
            return UNSEEN.contains(element.normalName())
                    || element.hasAttr("hidden")
                    || element.attr("aria-hidden").equals("true");
        }
    }
}
