package dev.skald.text.split;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;

/**
 * Reads text as blocks: wrapped lines joined, runs of white space one space, and one {@link #BREAK}
 * where a paragraph, heading or list item ends.
 */
final class BlockReader {
    static final char BREAK = '\n';

    /** A word longer than this is no label before a colon. */
    private static final int LABEL = 20;

    private final Reader in;
    private final char[] chunk = new char[4096];
    private int position;
    private int limit;
    private boolean heading;
    private boolean item;
    private boolean lineStart = true;
    private int pending = -1;
    private char last = BREAK;

    BlockReader(Reader in) {
        this.in = in;
    }

    /** The next character; -1 at the end. */
    int read() {
        while (true) {
            if (pending >= 0) {
                last = (char) pending;
                pending = -1;
                return last;
            }
            int c = next();
            if (c < 0) {
                return -1;
            }
            if (newline(c)) {
                int gap = gap(c);
                if (last != BREAK) {
                    separate(gap == BREAK ? BREAK : ' ');
                }
            } else if (c == ' ' || Character.isWhitespace(c) || Character.isISOControl(c)) {
                separate(' ');
            } else {
                if (lineStart) {
                    lineStart = false;
                    item = item(c, 0);
                    heading = c == '#' && (peek(0) == '#' || spaceAt(0));
                    if (c == '>' && spaceAt(0)) {
                        continue;
                    }
                }
                last = (char) c;
                return c;
            }
        }
    }

    /** Notes a separator; a break replaces the space before it. */
    private void separate(char separator) {
        if (separator == BREAK) {
            pending = last == BREAK ? -1 : BREAK;
        } else if (last != BREAK && last != ' ') {
            pending = ' ';
        }
    }

    /** Reads on to the first visible character after a line end and says how the lines join. */
    private int gap(int newline) {
        int breaks = newline == '\f' || newline == '\u2029' ? 2 : 1;
        int previous = newline;
        boolean wasHeading = heading;
        boolean wasItem = item;
        boolean indented = false;
        lineStart = true;
        heading = false;
        item = false;
        while (true) {
            int c = peek(0);
            if (c >= 0 && newline(c)) {
                if (!(previous == '\r' && c == '\n')) {
                    breaks++;
                }
                previous = c;
                position++;
            } else if (c >= 0 && (Character.isWhitespace(c) || Character.isISOControl(c))) {
                indented = true;
                previous = c;
                position++;
            } else if (rule()) {
                breaks = 2;
            } else {
                boolean afterItem = wasItem && !indented && Character.isUpperCase(c);
                boolean ends = breaks > 1 || wasHeading || afterItem || c < 0;
                return ends || itemFollows() ? BREAK : ' ';
            }
        }
    }

    /** Skips a line of nothing but dashes or the like; says whether there was one. */
    private boolean rule() {
        int c = peek(0);
        if (c < 0 || "-=_*~".indexOf(c) < 0) {
            return false;
        }
        int n = 1;
        while (n < 200 && peek(n) == c) {
            n++;
        }
        int after = peek(n);
        if (n < 3 || (after >= 0 && !newline(after))) {
            return false;
        }
        position += n;
        return true;
    }

    /** Whether a line begins here that does not go on with the one before. */
    private boolean itemFollows() {
        int c = peek(0);
        boolean heading = c == '#' && (spaceAt(1) || peek(1) == '#');
        return c < 0 || c == '|' || heading || label() || item(c, 1);
    }

    /** "Subject: ...", "JOHN: ...". */
    private boolean label() {
        int i = 0;
        while (i < LABEL && (Character.isLetter(peek(i)) || (i > 0 && peek(i) == '-'))) {
            i++;
        }
        return i > 0 && Character.isUpperCase(peek(0)) && peek(i) == ':' && spaceAt(i + 1);
    }

    /** Whether {@code c}, with what follows from {@code next} on, marks an item of a list. */
    private boolean item(int c, int next) {
        if ("-*+•‣◦▪–—●○".indexOf(c) >= 0) {
            return spaceAt(next);
        }
        boolean bracket = c == '(';
        int first = bracket ? peek(next) : c;
        int i = bracket ? next + 1 : next;
        if (Character.isDigit(first)) {
            int digits = 1;
            while (digits < 4 && Character.isDigit(peek(i))) {
                i++;
                digits++;
            }
            return digits <= 3 && (peek(i) == '.' || peek(i) == ')') && spaceAt(i + 1);
        }
        return Character.isLetter(first) && peek(i) == ')' && spaceAt(i + 1);
    }

    private boolean spaceAt(int offset) {
        int c = peek(offset);
        return c < 0 || Character.isWhitespace(c);
    }

    private static boolean newline(int c) {
        return c == '\n' || c == '\r' || c == '\f' || c == 0x85 || c == 0x2028 || c == 0x2029;
    }

    private int next() {
        int c = peek(0);
        position++;
        return c;
    }

    /** The character {@code offset} places on, -1 beyond the end. */
    private int peek(int offset) {
        if (position + offset >= limit) {
            more(offset);
        }
        return position + offset < limit ? chunk[position + offset] : -1;
    }

    private void more(int offset) {
        try {
            int kept = Math.max(0, limit - position);
            System.arraycopy(chunk, Math.min(position, limit), chunk, 0, kept);
            position = 0;
            limit = kept;
            while (limit <= offset) {
                int n = in.read(chunk, limit, chunk.length - limit);
                if (n < 0) {
                    return;
                }
                limit += n;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
