package dev.skald.text.split;

import dev.skald.text.input.TextInput;
import dev.skald.text.origins.Origins;
import dev.skald.text.words.Words;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads text as blocks: wrapped lines joined, runs of white space one space, and one {@link #BREAK}
 * where a paragraph, heading or list item ends.
 */
final class BlockReader {
    static final char BREAK = '\n';

    /** What {@link #read} gives when nothing came for a moment. */
    static final int PAUSE = -2;

    /** A word longer than this is no label before a colon. */
    private static final int LABEL = 20;

    private static final int ESCAPE = 0x1B;

    private static final int MOST_REPEATS = 3;

    private final TextInput in;
    private final char[] chunk = new char[4096];
    private int position;
    private int limit;
    private boolean heading;
    private boolean item;
    private boolean lineStart = true;
    private int pending = -1;
    private char last = BREAK;
    private boolean ended;
    private boolean waited;
    private int repeats;
    private final Line line = new Line();

    /** Of what is in {@link #chunk}; null if nobody asks. */
    private final @Nullable Origins origins;

    private int start;
    private int end;

    BlockReader(TextInput in, boolean traced) {
        this.in = in;
        origins = traced ? new Origins() : null;
    }

    /** Where the character that was read last begins in the text as it came in, if traced. */
    int start() {
        return start;
    }

    /** And where it ends; there, if it was put in between. */
    int end() {
        return end;
    }

    /** Whether a character is at hand, so that {@link #read} need not wait for one. */
    boolean available() {
        return pending >= 0 || position < limit;
    }

    /** The next character; {@link #PAUSE} if nothing came for a moment; -1 at the end. */
    int read() {
        waited = false;
        while (true) {
            if (pending >= 0) {
                last = (char) pending;
                pending = -1;
                start = end;
                return last;
            }
            int c = peek(0);
            if (c < 0) {
                return ended ? -1 : PAUSE;
            }
            if (origins != null) {
                start = origins.start(position);
                end = origins.end(position);
            }
            position++;
            if (c == ESCAPE && peek(0) == '[') {
                skipEscape();
            } else if (hyphen(c) && Character.isLetter(last) && newline(peek(0)) && joined()) {
                if (line.compound()
                        || Words.in("hyphenated", line.lastWord().toLowerCase(Locale.ROOT))) {
                    last = (char) c;
                    return c;
                }
            } else if (repeated(c)) {
                continue;
            } else if (newline(c)) {
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
                line.add(last);
                return c;
            }
        }
    }

    /** A colour or move of a terminal: its letters are no text. */
    private void skipEscape() {
        int n = 1;
        while (n < 40 && peek(n) >= ' ' && peek(n) < '@') {
            n++;
        }
        position += n + 1;
    }

    private static boolean hyphen(int c) {
        return c == '-' || c == 0x2010 || c == 0xAD;
    }

    /** Skips the line end in a word that was divided; says whether there was one. */
    private boolean joined() {
        int n = peek(0) == '\r' && peek(1) == '\n' ? 2 : 1;
        while (peek(n) == ' ' || peek(n) == '\t') {
            n++;
        }
        if (!Character.isLowerCase(peek(n))) {
            return false;
        }
        position += n;
        return true;
    }

    /**
     * Whether {@code c} is a mark that was there often enough: "!!!!!!!!" says no more than "!!!".
     */
    private boolean repeated(int c) {
        boolean again =
                c == last && !Character.isLetterOrDigit(c) && !Character.isSurrogate((char) c);
        repeats = again ? repeats + 1 : 0;
        return repeats >= MOST_REPEATS;
    }

    /** Notes a separator; a break replaces the space before it. */
    private void separate(char separator) {
        if (separator == BREAK) {
            pending = last == BREAK ? -1 : BREAK;
        } else if (last != BREAK && last != ' ') {
            pending = ' ';
            line.add(' ');
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
                ends = ends || itemFollows() || line.heading(below());
                line.clear();
                return ends ? BREAK : ' ';
            }
        }
    }

    /** The line that begins here, or as much of it as a heading's could be longer. */
    private String below() {
        StringBuilder below = new StringBuilder();
        while (below.length() < 100) {
            int c = peek(below.length());
            if (c < 0 || newline(c)) {
                break;
            }
            below.append((char) c);
        }
        return below.toString();
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

    /** "Subject: ...", "JOHN: ...", "Step 2: ...". */
    private boolean label() {
        int i = 0;
        while (i < LABEL && (Character.isLetter(peek(i)) || (i > 0 && peek(i) == '-'))) {
            i++;
        }
        if (i > 0 && peek(i) == ' ' && Character.isDigit(peek(i + 1))) {
            i += Character.isDigit(peek(i + 2)) ? 3 : 2;
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

    /** The character {@code offset} places on, -1 beyond the end. */
    private int peek(int offset) {
        if (position + offset >= limit) {
            more(offset);
        }
        return position + offset < limit ? chunk[position + offset] : -1;
    }

    private void more(int offset) {
        int kept = Math.max(0, limit - position);
        System.arraycopy(chunk, Math.min(position, limit), chunk, 0, kept);
        if (origins != null) {
            origins.drop(origins.size() - kept);
        }
        position = 0;
        limit = kept;
        while (limit <= offset && !ended && !waited) {
            int n = in.read(chunk, limit, chunk.length - limit);
            waited = n == 0;
            ended = n < 0;
            if (origins != null && n > 0) {
                in.origins(n, origins);
            }
            limit += Math.max(n, 0);
        }
    }
}
