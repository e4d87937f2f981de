package dev.skald.text.split;

import com.ibm.icu.text.BreakIterator;
import dev.skald.text.input.TextInput;
import dev.skald.text.origins.Origins;
import dev.skald.text.words.Abbreviations;
import dev.skald.text.words.Words;
import java.util.Iterator;
import java.util.Locale;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Cuts text into sentences as it is read, in memory that does not grow with it.
 *
 * <p>A sentence ends at {@code . ! ?} and their like in other scripts, unless the full stop belongs
 * to an abbreviation, an initial, a number or an address; at a blank line; and before the next item
 * of a list. Lines that were wrapped are joined. What would take too long to say in one breath is
 * cut at the last clause or word that fits. Not for use by several threads at once.
 */
public final class SentenceSplitter implements Iterator<String> {
    /** The most a sentence may weigh: about so many characters once it is written out. */
    private static final int MOST = 400;

    private static final String TERMINATORS = "!?…。！？｡．؟۔।॥։።។။";

    /** How far beyond a full stop the rules may look. */
    private static final int LOOKAHEAD = 128;

    /** What a digit or symbol weighs: some letters once it is written out. */
    private static final int DIGIT = 7;

    private static final int SYMBOL = 10;

    private final BlockReader in;
    private final SentenceEnds ends;
    private final StringBuilder buffer = new StringBuilder(MOST + LOOKAHEAD);
    private boolean more = true;
    private @Nullable String next;
    private boolean endsBlock;

    /** Of what is in {@link #buffer}; null if nobody asks. */
    private final @Nullable Origins origins;

    private Origins taken = new Origins();

    /** Splits text of a language as it arrives. */
    public SentenceSplitter(TextInput text, SentenceEnds ends) {
        this(text, ends, false);
    }

    /**
     * @param traced whether {@link #origins} will be asked for, of a text that knows its own
     */
    public SentenceSplitter(TextInput text, SentenceEnds ends, boolean traced) {
        this.in = new BlockReader(text, traced);
        this.ends = ends;
        origins = traced ? new Origins() : null;
    }

    /**
     * Whether another sentence follows. Throws {@link java.io.UncheckedIOException} if the reader
     * fails.
     */
    @Override
    public boolean hasNext() {
        while (next == null && fill()) {
            next = take();
        }
        return next != null;
    }

    /** The next sentence, on one line, without white space around it; never blank. */
    @Override
    public String next() {
        if (!hasNext() || next == null) {
            throw new NoSuchElementException("the text has no more sentences");
        }
        String sentence = next;
        next = null;
        return sentence;
    }

    /** Whether a paragraph, heading or list item ended with the sentence last returned. */
    public boolean endsBlock() {
        return endsBlock;
    }

    /**
     * Where each character of the sentence last returned stands in the text as it came in; asked
     * before {@link #hasNext} is.
     */
    public Origins origins() {
        return taken;
    }

    /** Reads until the first sentence is certain; says whether there is anything. */
    private boolean fill() {
        while (more && buffer.length() < MOST + LOOKAHEAD) {
            if (!in.available() && certain()) {
                return true;
            }
            int c = in.read();
            if (c == BlockReader.PAUSE) {
                if (complete()) {
                    return true;
                }
            } else if (c < 0) {
                more = false;
            } else {
                buffer.append((char) c);
                if (origins != null) {
                    origins.add(in.start(), in.end());
                }
            }
        }
        return !buffer.isEmpty();
    }

    /** Whether nothing that may follow changes where the first sentence ends. */
    private boolean certain() {
        int end = buffer.isEmpty() ? 0 : end();
        int next = end;
        while (Words.at(buffer, next) == ' ' && next < buffer.length()) {
            next++;
        }
        if (next >= buffer.length()) {
            return false;
        }
        int word = next + 1;
        while (word < buffer.length() && !Character.isWhitespace(buffer.charAt(word))) {
            word++;
        }
        return buffer.charAt(next) == BlockReader.BREAK || word < buffer.length();
    }

    /** Whether the first sentence ends if nothing follows. */
    private boolean complete() {
        int n = buffer.length();
        while (n > 0 && buffer.charAt(n - 1) == ' ') {
            n--;
        }
        if (n == 0) {
            return false;
        }
        if (end() < n) {
            return true;
        }
        int last = n - 1;
        while (last > 0 && Abbreviations.closer(buffer.charAt(last))) {
            last--;
        }
        char c = buffer.charAt(last);
        return c == '.' ? ends.mayEnd(buffer, last) : TERMINATORS.indexOf(c) >= 0;
    }

    private @Nullable String take() {
        int end = end();
        String whole = buffer.substring(0, end);
        String sentence = whole.strip();
        int rest = end;
        while (rest < buffer.length() && buffer.charAt(rest) == ' ') {
            rest++;
        }
        if (rest < buffer.length() && buffer.charAt(rest) == BlockReader.BREAK) {
            rest++;
            endsBlock = true;
        } else if (!sentence.isEmpty()) {
            endsBlock = false;
        }
        buffer.delete(0, rest);
        if (origins != null) {
            int lead = whole.length() - whole.stripLeading().length();
            taken = origins.part(lead, lead + sentence.length());
            origins.drop(rest);
        }
        return sentence.isEmpty() ? null : sentence;
    }

    /** Where the first sentence of the buffer ends. */
    private int end() {
        int weight = 0;
        int n = buffer.length();
        int i = listMarker();
        while (i < n) {
            char c = buffer.charAt(i);
            if (c == BlockReader.BREAK) {
                return i;
            }
            if (c == '[' && Words.at(buffer, i + 1) == '[') {
                int close = buffer.indexOf("]]", i + 2);
                if (close >= 0 && close + 2 <= MOST) {
                    weight += close + 2 - i;
                    i = close + 2;
                    continue;
                }
            }
            int terminator = terminator(i);
            if (terminator > i) {
                return terminator;
            }
            weight += weight(c);
            if (weight > MOST) {
                return cut(i);
            }
            i = Math.max(i + 1, dots(i));
        }
        return n;
    }

    /** Where the sentence ends if a terminator at {@code i} ends it; else {@code i}. */
    private int terminator(int i) {
        char c = buffer.charAt(i);
        switch (c) {
            case '。', '！', '？', '｡', '．' -> {
                return closers(i + 1);
            }
            case '.', '…' -> {
                int run = dots(i);
                int after = closers(afterRun(run));
                if (run == i + 1 && c == '.' && glued(i, after)) {
                    return after;
                }
                if (run > i + 1 && after == run && Character.isUpperCase(Words.at(buffer, run))) {
                    return run;
                }
                boolean certain = run > i + 1 || c == '…' || afterRun(run) > run;
                if (!endsBefore(after) || (certain || after > run) && lowerFollows(after)) {
                    return i;
                }
                return certain || ends.endsSentence(block(), i) ? after : i;
            }
            case '!', '?', '؟', '۔', '।', '॥', '։', '።', '។', '။' -> {
                if (c == '!'
                        && Character.isDigit(Words.at(buffer, i - 1))
                        && "=+*/×".indexOf(Words.at(buffer, i + 2)) >= 0
                        && Words.at(buffer, i + 1) == ' ') {
                    return i; // a factorial
                }
                int after = closers(afterRun(i + 1));
                boolean ends = endsBefore(after) ? !lowerFollows(after) : glued(i, after);
                return ends ? after : i;
            }
            default -> {
                return i;
            }
        }
    }

    /**
     * Whether a sentence ends at {@code i} and the next begins at {@code next} without a space:
     * "ended.Then", but not "java.lang.String", "Console.WriteLine" or an address.
     */
    private boolean glued(int i, int next) {
        int first = next;
        while (first < buffer.length() && "\"'“‘«(¿¡".indexOf(buffer.charAt(first)) >= 0) {
            first++;
        }
        char capital = Words.at(buffer, first);
        char before = Words.at(buffer, i - 1);
        boolean upper = Character.isUpperCase(capital);
        if (!upper && !ends.starts(wordAt(first)) || before == ' ' || before == BlockReader.BREAK) {
            return false;
        }
        int start = i;
        while (start > 0 && i - start < 100 && !Character.isWhitespace(buffer.charAt(start - 1))) {
            start--;
        }
        String left = buffer.substring(start, i);
        if (!upper) {
            return Words.at(buffer, first + wordAt(first).length()) == ' '
                    && start > 0
                    && left.length() > 1
                    && left.chars().allMatch(Character::isLetter);
        }
        if (left.indexOf('/') >= 0 || left.indexOf('@') >= 0 || left.indexOf('=') >= 0) {
            return false;
        }
        if (buffer.charAt(i) != '.' || next > i + 1) {
            // A sign that is read as a word ends one too.
            boolean word = Character.isLetterOrDigit(before) || "%€£$¥¢°²³&+".indexOf(before) >= 0;
            return word || next > i + 1;
        }
        return twoWords(i, first, left);
    }

    /** Whether the dot at {@code i} parts two sentences and not the parts of a name. */
    private boolean twoWords(int i, int first, String left) {
        String word = wordAt(first);
        char before = left.charAt(left.length() - 1);
        char after = Words.at(buffer, first + word.length());
        String stem = left.substring(left.lastIndexOf('.') + 1);
        String lower = word.toLowerCase(Locale.ROOT);
        boolean plain = word.substring(1).equals(lower.substring(1));
        boolean dotted = after == '.' && !endsBefore(first + word.length() + 1);
        if (!plain || dotted || "(_<[:@\\/".indexOf(after) >= 0) {
            return false;
        }
        boolean capitals = stem.length() > 1 && stem.equals(stem.toUpperCase(Locale.ROOT));
        boolean ended =
                stem.length() > 1 && (Character.isLowerCase(before) || capitals)
                        || Character.isDigit(before)
                        || ")]%€£$¥°²³".indexOf(before) >= 0;
        // "5 p.m.Then"; what is no sentence's end, as "e.g.", is none here either.
        boolean letters =
                stem.length() == 1 && left.length() > 2 && left.charAt(left.length() - 2) == '.';
        if (letters && word.length() > 1) {
            return ends.starts(word) && ends.mayEnd(buffer, i);
        }
        if (!ended || ends.starts(word)) {
            return ended;
        }
        boolean number = Character.isDigit(before);
        boolean name =
                Character.isUpperCase(left.charAt(0)) && !capitals
                        || number && left.chars().anyMatch(Character::isLetter);
        boolean part =
                Words.in("files", lower)
                        || Words.in("spelled", lower)
                        || Words.in("domains", lower);
        return !name
                && !part
                && word.length() > 1
                && (number || left.indexOf('.') < 0)
                && ends.mayEnd(buffer, i);
    }

    private String wordAt(int from) {
        int end = from;
        while (end < buffer.length() && Character.isLetter(buffer.charAt(end))) {
            end++;
        }
        return buffer.substring(Math.min(from, buffer.length()), Math.max(from, end));
    }

    /** The buffer up to the end of its first block: what follows says nothing of the sentence. */
    private CharSequence block() {
        int end = buffer.indexOf(String.valueOf(BlockReader.BREAK));
        return end < 0 ? buffer : buffer.subSequence(0, end);
    }

    /** Where the run of dots that begins at {@code i} ends. */
    private int dots(int i) {
        int end = i;
        while (Words.at(buffer, end) == '.' || Words.at(buffer, end) == '…') {
            end++;
        }
        return end;
    }

    private int afterRun(int from) {
        int i = from;
        while (i < buffer.length() && ".!?…".indexOf(buffer.charAt(i)) >= 0) {
            i++;
        }
        return i;
    }

    private int closers(int from) {
        int i = from;
        while (i < buffer.length() && Abbreviations.closer(buffer.charAt(i))) {
            i++;
        }
        return i;
    }

    private boolean endsBefore(int i) {
        return i >= buffer.length()
                || buffer.charAt(i) == ' '
                || buffer.charAt(i) == BlockReader.BREAK;
    }

    private boolean lowerFollows(int i) {
        return Words.at(buffer, i) == ' ' && Character.isLowerCase(Words.at(buffer, i + 1));
    }

    /** Where the text of a numbered item begins: the number's full stop ends nothing. */
    private int listMarker() {
        int i = 0;
        while (i < 3 && Character.isDigit(Words.at(buffer, i))) {
            i++;
        }
        return i > 0 && Words.at(buffer, i) == '.' && Words.at(buffer, i + 1) == ' ' ? i + 1 : 0;
    }

    private static int weight(char c) {
        if (Character.isLetter(c) || c == ' ' || ".,;:!?'\"()-".indexOf(c) >= 0) {
            return Character.isIdeographic(c) ? 3 : 1;
        }
        return Character.isDigit(c) ? DIGIT : SYMBOL;
    }

    /** The best place to cut before {@code limit}: after a clause, else a word, else anywhere. */
    private int cut(int limit) {
        int word = 0;
        for (int i = limit; i > 1; i--) {
            if (buffer.charAt(i - 1) == ' ') {
                word = word == 0 ? i : word;
                if (i > limit / 2 && ",;:—–)".indexOf(buffer.charAt(i - 2)) >= 0) {
                    return i;
                }
            }
        }
        if (word > listMarker() + 1) {
            return word;
        }
        int end = Math.max(limit, 1);
        if (buffer.charAt(end - 1) >= 0x80) {
            BreakIterator words = BreakIterator.getWordInstance();
            words.setText(buffer.substring(0, Math.min(buffer.length(), end + 1)));
            int boundary = words.preceding(end + 1);
            if (boundary > end / 2) {
                return Math.min(boundary, end);
            }
        }
        return Character.isHighSurrogate(buffer.charAt(end - 1)) && end > 1 ? end - 1 : end;
    }
}
