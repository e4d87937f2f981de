package dev.skald.text;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;

/**
 * Reads text as blocks: wrapped lines joined, runs of white space one space, and one {@link #BREAK}
 * where a paragraph, heading or list item ends.
 */
final class BlockReader {
    static final char BREAK = '\n';

    /** How far into the next line a list marker is looked for. */
    private static final int MARKER = 8;

    private final Reader in;
    private final char[] chunk = new char[4096];
    private int position;
    private int limit;
    private boolean heading;
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
        lineStart = true;
        heading = false;
        while (true) {
            int c = peek(0);
            if (c >= 0 && newline(c)) {
                if (!(previous == '\r' && c == '\n')) {
                    breaks++;
                }
                previous = c;
                position++;
            } else if (c >= 0 && (Character.isWhitespace(c) || Character.isISOControl(c))) {
                previous = c;
                position++;
            } else if (rule()) {
                breaks = 2;
            } else {
                return breaks > 1 || wasHeading || c < 0 || itemFollows() ? BREAK : ' ';
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

    /** Whether the line that begins here is an item of a list, a row of a table or a heading. */
    private boolean itemFollows() {
        int c = peek(0);
        if (c < 0) {
            return true;
        }
        if ("-*+•‣◦▪–—●○".indexOf(c) >= 0) {
            return spaceAt(1);
        }
        if (c == '|' || (c == '#' && (spaceAt(1) || peek(1) == '#'))) {
            return true;
        }
        int i = c == '(' ? 1 : 0;
        if (Character.isDigit(peek(i))) {
            int digits = i;
            while (i < MARKER && Character.isDigit(peek(i))) {
                i++;
            }
            return i - digits <= 3 && (peek(i) == '.' || peek(i) == ')') && spaceAt(i + 1);
        }
        return Character.isLetter(peek(i)) && peek(i + 1) == ')' && spaceAt(i + 2);
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
