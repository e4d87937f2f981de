package dev.skald.text.markup;

import dev.skald.text.origins.Origins;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.BlockQuote;
import org.commonmark.node.Code;
import org.commonmark.node.CustomNode;
import org.commonmark.node.FencedCodeBlock;
import org.commonmark.node.HardLineBreak;
import org.commonmark.node.Heading;
import org.commonmark.node.HtmlBlock;
import org.commonmark.node.HtmlInline;
import org.commonmark.node.Image;
import org.commonmark.node.Link;
import org.commonmark.node.ListBlock;
import org.commonmark.node.ListItem;
import org.commonmark.node.Node;
import org.commonmark.node.OrderedList;
import org.commonmark.node.Paragraph;
import org.commonmark.node.SoftLineBreak;
import org.commonmark.node.SourceSpan;
import org.commonmark.node.Text;
import org.commonmark.node.ThematicBreak;
import org.commonmark.parser.IncludeSourceSpans;
import org.commonmark.parser.Parser;
import org.commonmark.parser.beta.InlineContentParser;
import org.commonmark.parser.beta.InlineContentParserFactory;
import org.commonmark.parser.beta.LinkInfo;
import org.commonmark.parser.beta.LinkResult;
import org.commonmark.parser.beta.ParsedInline;
import org.commonmark.parser.beta.Position;
import org.commonmark.parser.beta.Scanner;
import org.commonmark.parser.delimiter.DelimiterProcessor;
import org.commonmark.parser.delimiter.DelimiterRun;
import org.jspecify.annotations.Nullable;

/** What is said of Markdown: its text, with breaks where blocks end. */
final class MarkdownText {
    private static final int LONGEST_PHONEMES = 400;

    /** Stands before what goes on in a line: a word joiner, no letter and no space. */
    private static final String IN_LINE = "\u2060";

    private static final Parser PARSER = parser(IncludeSourceSpans.NONE);

    /** That knows where everything stands. */
    private static final class Tracing {
        static final Parser PARSER = parser(IncludeSourceSpans.BLOCKS_AND_INLINES);
    }

    private MarkdownText() {}

    /**
     * @param before the character before, if a line goes on here and no block begins; else empty
     * @param origins gets where each character stands in the Markdown; null if nobody asks
     */
    static String read(String markdown, String before, @Nullable Origins origins) {
        StringBuilder out = new StringBuilder(markdown.length());
        boolean word = !before.isEmpty() && Character.isLetterOrDigit(before.charAt(0));
        String line = before.isEmpty() ? "" : word ? IN_LINE + "a" : IN_LINE;
        Parser parser = origins == null ? PARSER : Tracing.PARSER;
        Origins traced = origins == null ? null : new Origins();
        Walk walk = new Walk(line + markdown, out, traced);
        parser.parse(line + markdown).accept(walk);
        int lead = out.indexOf(line) == 0 ? line.length() : 0;
        out.delete(0, lead);
        // What is handed on may go on in the same line.
        int end = out.length();
        while (end > 0 && out.charAt(end - 1) == MarkupInput.BREAK) {
            end--;
        }
        out.setLength(end);
        if (origins != null && traced != null) {
            walk.trace(null);
            traced.drop(lead);
            traced.cut(end);
            origins.add(traced, -line.length());
        }
        return out.toString();
    }

    private static Parser parser(IncludeSourceSpans spans) {
        return Parser.builder()
                .includeSourceSpans(spans)
                // Not indented code: poems are indented too.
                .enabledBlockTypes(
                        Set.of(
                                Heading.class,
                                FencedCodeBlock.class,
                                HtmlBlock.class,
                                ThematicBreak.class,
                                ListBlock.class,
                                BlockQuote.class))
                .customInlineContentParserFactory(inline('[', MarkdownText::phonemes))
                .customInlineContentParserFactory(inline('*', MarkdownText::times))
                .customInlineContentParserFactory(inline('$', MarkdownText::dollars))
                .customInlineContentParserFactory(inline('\\', MarkdownText::formula))
                .customDelimiterProcessor(new Marks('='))
                .customDelimiterProcessor(new Marks('~'))
                .linkProcessor((info, scanner, context) -> link(info, scanner))
                .build();
    }

    private static InlineContentParserFactory inline(char trigger, InlineContentParser parser) {
        return new InlineContentParserFactory() {
            @Override
            public Set<Character> getTriggerCharacters() {
                return Set.of(trigger);
            }

            @Override
            public InlineContentParser create() {
                return parser;
            }
        };
    }

    /** {@code [[phonemes]]} are no link and hold no emphasis. */
    private static ParsedInline phonemes(org.commonmark.parser.beta.InlineParserState state) {
        Scanner scanner = state.scanner();
        Position start = scanner.position();
        if (!scanner.next("[[")) {
            return ParsedInline.none();
        }
        String inside = until(scanner, "]]", LONGEST_PHONEMES);
        return inside == null
                ? ParsedInline.none()
                : ParsedInline.of(
                        new Text(scanner.getSource(start, scanner.position()).getContent()),
                        scanner.position());
    }

    /** A star between numbers is no emphasis: 2*3*4. */
    private static ParsedInline times(org.commonmark.parser.beta.InlineParserState state) {
        Scanner scanner = state.scanner();
        int before = scanner.peekPreviousCodePoint();
        scanner.next();
        boolean number = Character.isDigit(before) || before == ')';
        return number && (Character.isDigit(scanner.peek()) || scanner.peek() == '(')
                ? ParsedInline.of(new Text("*"), scanner.position())
                : ParsedInline.none();
    }

    private static ParsedInline dollars(org.commonmark.parser.beta.InlineParserState state) {
        Scanner scanner = state.scanner();
        int n = scanner.matchMultiple('$');
        if (n > 2) {
            return ParsedInline.none();
        }
        boolean spaceFollows = Character.isWhitespace(scanner.peek());
        String inside = until(scanner, n == 2 ? "$$" : "$", Latex.LONGEST);
        boolean formula =
                inside != null
                        && (n == 2
                                || !spaceFollows
                                        && !Character.isDigit(scanner.peek())
                                        && Latex.likely(inside));
        return formula && inside != null
                ? ParsedInline.of(new Text(Latex.said(inside)), scanner.position())
                : ParsedInline.none();
    }

    /** {@code \( ... \)} and {@code \[ ... \]}. */
    private static ParsedInline formula(org.commonmark.parser.beta.InlineParserState state) {
        Scanner scanner = state.scanner();
        scanner.next();
        char bracket = scanner.peek();
        if (bracket != '(' && bracket != '[') {
            return ParsedInline.none();
        }
        scanner.next();
        String inside = until(scanner, bracket == '(' ? "\\)" : "\\]", Latex.LONGEST);
        return inside == null || inside.isBlank()
                ? ParsedInline.none()
                : ParsedInline.of(new Text(Latex.said(inside)), scanner.position());
    }

    /** Reads on to {@code end} and over it; null if it does not come. */
    private static @Nullable String until(Scanner scanner, String end, int most) {
        Position start = scanner.position();
        for (int n = 0; n < most && scanner.hasNext(); n++) {
            Position stop = scanner.position();
            if (scanner.next(end)) {
                return scanner.getSource(start, stop).getContent();
            }
            scanner.next();
        }
        return null;
    }

    private static LinkResult link(LinkInfo info, Scanner scanner) {
        String text = info.text(scanner);
        boolean image = info.marker() != null;
        if (text.startsWith("^") && info.destination() == null) {
            // A footnote's mark; before a colon it begins the note.
            scanner.next(':');
            return LinkResult.replaceWith(new Text(""), scanner.position());
        }
        boolean index =
                info.openingBracket().getPrevious() instanceof Text before
                        && before.getLiteral().matches("(?s).*[A-Za-z0-9_]");
        if (info.destination() == null && (info.label() == null || index)) {
            return LinkResult.none();
        }
        Node node = image ? new Image("", null) : new Link("", null);
        LinkResult result = LinkResult.wrapTextIn(node, scanner.position());
        return image ? result.includeMarker() : result;
    }

    /** {@code ==marked==} and {@code ~~struck out~~}: the words alone. */
    private record Marks(char mark) implements DelimiterProcessor {
        @Override
        public char getOpeningCharacter() {
            return mark;
        }

        @Override
        public char getClosingCharacter() {
            return mark;
        }

        @Override
        public int getMinLength() {
            return 2;
        }

        @Override
        public int process(DelimiterRun opening, DelimiterRun closing) {
            return opening.length() == 2 && closing.length() == 2 ? 2 : 0;
        }
    }

    private static final class Walk extends AbstractVisitor {
        private final String markdown;
        private final StringBuilder out;
        private final @Nullable Origins origins;
        private int shift;

        /** Inside of a style, a script and the like. */
        private boolean unseen;

        Walk(String markdown, StringBuilder out, @Nullable Origins origins) {
            this.markdown = markdown;
            this.out = out;
            this.origins = origins;
        }

        /** What was appended since the last call is of that node, or of none. */
        void trace(@Nullable Node node) {
            if (origins == null) {
                return;
            }
            List<SourceSpan> spans = node == null ? List.of() : node.getSourceSpans();
            if (!spans.isEmpty() && spans.getFirst().getInputIndex() >= origins.end()) {
                int from = spans.getFirst().getInputIndex();
                int to = spans.getLast().getInputIndex() + spans.getLast().getLength();
                String text = out.substring(origins.size()).replace(MarkupInput.BREAK, '\n');
                origins.add(Origins.between(markdown.substring(from, to), text), from);
            }
            origins.said(out.length(), origins.end(), origins.end());
        }

        private void breakLine() {
            if (!out.isEmpty() && out.charAt(out.length() - 1) != MarkupInput.BREAK) {
                out.append(MarkupInput.BREAK);
            }
        }

        @Override
        public void visit(Heading heading) {
            breakLine();
            visitChildren(heading);
            breakLine();
        }

        @Override
        public void visit(Paragraph paragraph) {
            boolean marked =
                    paragraph.getParent() instanceof ListItem && paragraph.getPrevious() == null;
            if (!marked) {
                breakLine();
            }
            visitChildren(paragraph);
            breakLine();
        }

        @Override
        public void visit(ListItem item) {
            breakLine();
            if (item.getParent() instanceof OrderedList list) {
                Integer start = list.getMarkerStartNumber();
                int number = start == null ? 1 : start;
                for (Node n = item.getPrevious(); n != null; n = n.getPrevious()) {
                    number++;
                }
                trace(null);
                out.append(number).append(". ");
                if (origins != null && !item.getSourceSpans().isEmpty()) {
                    int from = item.getSourceSpans().getFirst().getInputIndex();
                    int to = from;
                    while (to < markdown.length() && Character.isDigit(markdown.charAt(to))) {
                        to++;
                    }
                    origins.said(out.length() - 2, from, to);
                }
            }
            visitChildren(item);
            breakLine();
        }

        @Override
        public void visit(FencedCodeBlock code) {
            breakLine();
            trace(null);
            out.append(code.getLiteral().strip().replace('\n', MarkupInput.BREAK));
            trace(code);
            breakLine();
        }

        @Override
        public void visit(ThematicBreak rule) {
            breakLine();
        }

        @Override
        public void visit(HtmlBlock html) {
            String literal = html.getLiteral();
            String name = literal.replaceFirst("(?s)^</?([A-Za-z][A-Za-z0-9]*).*", "$1");
            breakLine();
            // "<your name>" alone in its line is no HTML.
            boolean words = !name.equals(literal) && !HtmlText.element(name);
            trace(null);
            Origins inner = origins == null ? null : new Origins();
            out.append(words ? read(literal, " ", inner) : HtmlText.read(literal, inner));
            if (origins != null && inner != null && !html.getSourceSpans().isEmpty()) {
                List<SourceSpan> spans = html.getSourceSpans();
                int from = spans.getFirst().getInputIndex();
                int to = spans.getLast().getInputIndex() + spans.getLast().getLength();
                inner.through(Origins.between(markdown.substring(from, to), literal));
                origins.add(inner, from);
            }
            breakLine();
        }

        @Override
        public void visit(HtmlInline html) {
            trace(null);
            said(html);
            trace(html);
        }

        private void said(HtmlInline html) {
            String literal = html.getLiteral();
            if (literal.startsWith("<!") || literal.startsWith("<?")) {
                return;
            }
            boolean closes = literal.startsWith("</");
            String inside =
                    literal.substring(closes ? 2 : 1, literal.length() - 1)
                            .replace("/", "")
                            .strip();
            String name = inside.split("[\\s]", 2)[0];
            String element = name.toLowerCase(Locale.ROOT);
            boolean comparison =
                    name.length() < inside.length()
                            && inside.indexOf('=') < 0
                            && name.length() == 1;
            if (HtmlText.unseen(element)) {
                unseen = !closes && closed(html, name);
            } else if (comparison) {
                out.append(literal);
            } else if (!closes && placeholder(html, name, element)) {
                out.append(inside);
            } else if (element.equals("br")) {
                out.append('\n');
            } else if (element.equals("sup") || element.equals("sub")) {
                shift = closes ? 0 : element.equals("sup") ? 1 : -1;
            } else if (HtmlText.block(element)) {
                breakLine();
            } else if (!HtmlText.element(element)) {
                out.append(' ');
            }
        }

        /** "Press &lt;Enter&gt;": a word in angle brackets that opens nothing. */
        private static boolean placeholder(HtmlInline html, String name, String element) {
            boolean key =
                    Character.isUpperCase(name.charAt(0))
                            && !name.equals(name.toUpperCase(Locale.ROOT));
            if (HtmlText.element(element) && !key) {
                return false;
            }
            return !closed(html, name) && !html.getLiteral().endsWith("/>");
        }

        private static boolean closed(HtmlInline html, String name) {
            for (Node n = html.getNext(); n != null; n = n.getNext()) {
                if (n instanceof HtmlInline tag && tag.getLiteral().startsWith("</" + name)) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public void visit(Text text) {
            trace(null);
            if (!unseen) {
                said(text);
            }
            trace(text);
        }

        private void said(Text text) {
            String literal = text.getLiteral();
            if (shift != 0) {
                literal = HtmlText.shifted(literal, shift > 0 ? "sup" : "sub");
            }
            out.append(task(text) ? literal.substring(3).stripLeading() : literal);
        }

        /** "[x] wash up" in a list. */
        private static boolean task(Text text) {
            String literal = text.getLiteral();
            boolean box =
                    literal.startsWith("[x]")
                            || literal.startsWith("[X]")
                            || literal.startsWith("[ ]");
            return box
                    && text.getPrevious() == null
                    && text.getParent() instanceof Paragraph paragraph
                    && paragraph.getParent() instanceof ListItem;
        }

        @Override
        public void visit(Code code) {
            trace(null);
            out.append(code.getLiteral());
            trace(code);
        }

        @Override
        public void visit(SoftLineBreak line) {
            out.append('\n');
        }

        @Override
        public void visit(HardLineBreak line) {
            out.append('\n');
        }

        @Override
        public void visit(CustomNode node) {
            visitChildren(node);
        }
    }
}
