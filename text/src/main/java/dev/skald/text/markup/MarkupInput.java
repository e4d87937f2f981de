package dev.skald.text.markup;

import dev.skald.TextFormat;
import dev.skald.text.input.TextInput;
import java.util.Locale;

/**
 * Text without its mark-up, in memory that does not grow with it.
 *
 * <p>Markdown and HTML are read a block at a time; where nothing says that a stretch is marked up,
 * format {@code auto} hands it on untouched, as it comes.
 */
public final class MarkupInput implements TextInput {
    /** Where a paragraph, heading or item ends: a paragraph separator. */
    public static final char BREAK = '\u2029';

    /** A block longer than this is cut at a line or word. */
    private static final int LONGEST = 32_768;

    private final TextInput in;
    private final char[] chunk = new char[4096];
    private final StringBuilder held = new StringBuilder();
    private final StringBuilder out = new StringBuilder();
    private TextFormat format;
    private int given;
    private boolean holding;

    /** The character before what is held; empty if a line begins with it. */
    private String before = "";

    private boolean lineStart = true;
    private boolean first = true;
    private boolean ended;

    public MarkupInput(TextInput in, TextFormat format) {
        this.in = in;
        this.format = format;
    }

    @Override
    public int read(char[] to, int from, int n) {
        while (given == out.length()) {
            out.setLength(0);
            given = 0;
            if (ended) {
                return -1;
            }
            int count = in.read(chunk, 0, chunk.length);
            if (count > 0) {
                take(count);
            } else {
                ended = count < 0;
                release(held.length());
                if (count == 0 && out.isEmpty()) {
                    return 0;
                }
            }
        }
        int count = Math.min(n, out.length() - given);
        out.getChars(given, given + count, to, from);
        given += count;
        return count;
    }

    private void take(int count) {
        if (first) {
            first = false;
            if (format == TextFormat.AUTO && page(new String(chunk, 0, Math.min(count, 200)))) {
                format = TextFormat.HTML;
            }
        }
        for (int i = 0; i < count; i++) {
            char c = chunk[i];
            if (!holding) {
                holding = format != TextFormat.AUTO || Evidence.mayBegin(c, lineStart);
                before = lineStart ? "" : i > 0 ? String.valueOf(chunk[i - 1]) : lastOut();
            }
            if (!holding) {
                out.append(c);
            } else {
                held.append(c);
                if (c == '\n' || c == '>' || c == ' ' || held.length() >= LONGEST) {
                    mayRelease();
                }
            }
            lineStart = c == '\n' || lineStart && c == ' ';
        }
    }

    private String lastOut() {
        return out.isEmpty() ? " " : out.substring(out.length() - 1);
    }

    /** Whether the text is a page of HTML. */
    private static boolean page(String start) {
        String begins = start.replace("\uFEFF", "").stripLeading().toLowerCase(Locale.ROOT);
        return begins.startsWith("<!doctype html")
                || begins.startsWith("<html")
                || begins.startsWith("<?xml") && begins.contains("html");
    }

    private void mayRelease() {
        if (format == TextFormat.HTML) {
            if (held.length() >= LONGEST / 8
                    && held.charAt(held.length() - 1) == '>'
                    && Evidence.closed(held)
                    && HtmlBlocks.ends(held)) {
                release(held.length());
            } else if (held.length() >= 4 * LONGEST) {
                release(held.length());
            }
        } else if (held.length() >= LONGEST
                || Evidence.complete(held, format == TextFormat.MARKDOWN)) {
            release(held.length());
        }
    }

    private void release(int end) {
        if (end == 0) {
            return;
        }
        String block = held.substring(0, end);
        held.delete(0, end);
        holding = false;
        if (format == TextFormat.HTML) {
            out.append(HtmlText.read(block)).append(BREAK);
        } else if (format == TextFormat.MARKDOWN || Evidence.of(block)) {
            // The white space around a block is not the parser's.
            int text = block.length();
            while (text > 0 && Character.isWhitespace(block.charAt(text - 1))) {
                text--;
            }
            int start = 0;
            while (start < text && block.charAt(start) == ' ') {
                start++;
            }
            out.append(block, 0, start)
                    .append(MarkdownText.read(block.substring(start, text), before));
            out.append(block, text, block.length());
        } else {
            out.append(block);
        }
    }
}
