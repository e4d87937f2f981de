package dev.skald.text.markup;

import dev.skald.TextFormat;
import dev.skald.text.input.TextInput;
import dev.skald.text.origins.Origins;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

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

    /** Of what is in {@link #out}; null if nobody asks. */
    private final @Nullable Origins origins;

    private TextFormat format;
    private int given;
    private int taken; // characters of the text as it came in
    private int heldFrom;
    private boolean holding;

    /** The character before what is held; empty if a line begins with it. */
    private String before = "";

    private boolean lineStart = true;
    private boolean first = true;
    private boolean ended;

    /**
     * @param traced whether {@link #origins} will be asked for
     */
    public MarkupInput(TextInput in, TextFormat format, boolean traced) {
        this.in = in;
        this.format = format;
        origins = traced ? new Origins() : null;
    }

    @Override
    public void origins(int n, Origins to) {
        if (origins == null) {
            throw new UnsupportedOperationException("this text is not traced");
        }
        to.add(origins.part(given - n, given), 0);
    }

    @Override
    public int read(char[] to, int from, int n) {
        while (given == out.length()) {
            out.setLength(0);
            given = 0;
            if (origins != null) {
                origins.cut(0);
            }
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
            int at = taken++;
            if (!holding) {
                out.append(c);
                if (origins != null) {
                    origins.add(at, at + 1);
                }
            } else {
                heldFrom = held.isEmpty() ? at : heldFrom;
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
        Origins inner = origins == null ? null : new Origins();
        if (format == TextFormat.HTML) {
            out.append(HtmlText.read(block, inner)).append(BREAK);
            trace(inner, heldFrom);
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
            String marked = block.substring(start, text);
            out.append(block, 0, start);
            copied(heldFrom);
            out.append(MarkdownText.read(marked, before, inner));
            trace(inner, heldFrom + start);
            out.append(block, text, block.length());
            copied(heldFrom + text);
        } else {
            out.append(block);
            copied(heldFrom);
        }
    }

    /** What was appended last stands in the text from a place on as it is. */
    private void copied(int from) {
        if (origins != null) {
            origins.copied(out.length(), from);
        }
    }

    /** What was appended last stands where its own origins say, counted from a place on. */
    private void trace(@Nullable Origins inner, int from) {
        if (origins != null && inner != null) {
            origins.add(inner, from);
            origins.said(out.length(), origins.end(), origins.end());
        }
    }
}
