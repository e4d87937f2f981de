package dev.skald.text;

import com.ibm.icu.text.BreakIterator;
import dev.skald.text.origins.Origins;
import dev.skald.text.words.Phonemes;
import java.util.ArrayList;
import java.util.List;

/** Where the words of a sentence stand in the text as it came in. Immutable. */
public final class SentenceTrace {
    private final String raw;
    private final int rawFrom;
    private final String source;
    private final Origins sourceIn;
    private final String said;
    private final Origins saidIn;

    /** Letters and digits of the spoken sentence, and what they stand for in the source. */
    private record Token(int from, int to, int start, int end) {
        Token with(Token next) {
            return new Token(from, next.to, Math.min(start, next.start), Math.max(end, next.end));
        }
    }

    /**
     * @param raw the text as it came in, from the end of the sentence before on
     * @param rawFrom where that begins
     * @param source the sentence as written
     * @param sourceIn where the source stands in the text as it came in
     * @param said the sentence as normalised
     * @param saidIn where that stands in the source
     */
    SentenceTrace(
            String raw, int rawFrom, String source, Origins sourceIn, String said, Origins saidIn) {
        this.raw = raw;
        this.rawFrom = rawFrom;
        this.source = source;
        this.sourceIn = sourceIn;
        this.said = said;
        this.saidIn = saidIn;
    }

    /** The words of the sentence as normalised, in order. */
    public List<SourceWord> words() {
        return words(said, saidIn);
    }

    /** The words of the sentence for a model that speaks it as it is written. */
    public List<SourceWord> wordsAsWritten() {
        return words(source, Origins.same(source.length()));
    }

    /** Some words in a row as one. */
    public SourceWord joined(List<SourceWord> words) {
        StringBuilder shown = new StringBuilder();
        words.forEach(word -> shown.append(word.shown()));
        return joined(raw, rawFrom, words.getFirst(), words.getLast(), shown.toString());
    }

    /** Sentences in a row as one. */
    public static SourceWord whole(List<SentenceTrace> sentences) {
        StringBuilder raw = new StringBuilder();
        StringBuilder shown = new StringBuilder();
        for (SentenceTrace sentence : sentences) {
            raw.append(sentence.raw);
            shown.append(shown.isEmpty() ? "" : " ").append(sentence.source);
        }
        SentenceTrace first = sentences.getFirst();
        return joined(
                raw.toString(),
                first.rawFrom,
                first.words().getFirst(),
                sentences.getLast().words().getLast(),
                shown.toString());
    }

    private static SourceWord joined(
            String raw, int rawFrom, SourceWord first, SourceWord last, String shown) {
        int end = last.offset() + last.length();
        return new SourceWord(
                first.from(),
                last.to(),
                raw.substring(first.offset() - rawFrom, end - rawFrom),
                shown,
                first.offset(),
                end - first.offset());
    }

    private List<SourceWord> words(String spoken, Origins in) {
        List<Token> tokens = new ArrayList<>();
        for (Token token : tokens(spoken, in)) {
            // What stands for the same, or for nothing, is one word of the text.
            boolean same =
                    !tokens.isEmpty()
                            && (token.start < tokens.getLast().end
                                    || token.start == token.end
                                    || tokens.getLast().start == tokens.getLast().end
                                    || rawStart(token) < rawEnd(tokens.getLast()));
            if (same) {
                tokens.add(tokens.removeLast().with(token));
            } else {
                tokens.add(token);
            }
        }
        List<SourceWord> words = new ArrayList<>(tokens.size());
        int shown = 0;
        for (int i = 0; i < tokens.size(); i++) {
            Token token = tokens.get(i);
            int until =
                    i == tokens.size() - 1
                            ? source.length()
                            : between(token.end, tokens.get(i + 1).start);
            int from = rawStart(token) - rawFrom;
            int to = rawEnd(token) - rawFrom;
            while (from < to && Character.isWhitespace(raw.charAt(from))) {
                from++;
            }
            while (to > from && Character.isWhitespace(raw.charAt(to - 1))) {
                to--;
            }
            words.add(
                    new SourceWord(
                            token.from,
                            token.to,
                            raw.substring(from, to),
                            source.substring(shown, until),
                            rawFrom + from,
                            to - from));
            shown = until;
        }
        return words;
    }

    private int rawStart(Token token) {
        return token.start < sourceIn.size() ? sourceIn.start(token.start) : sourceIn.end();
    }

    private int rawEnd(Token token) {
        return token.end > token.start ? sourceIn.end(token.end - 1) : rawStart(token);
    }

    /** Where what is shown of one word ends and that of the next begins: behind the white space. */
    private int between(int end, int start) {
        for (int i = start; i > end; i--) {
            if (source.charAt(i - 1) == ' ') {
                return i;
            }
        }
        return start;
    }

    private static List<Token> tokens(String spoken, Origins in) {
        List<Token> tokens = new ArrayList<>();
        int i = 0;
        while (i < spoken.length()) {
            int raw = Phonemes.end(spoken, i);
            if (raw > i) {
                tokens.add(token(in, i, raw));
                i = raw;
                continue;
            }
            int end = i;
            boolean dense = false;
            while (end < spoken.length()
                    && !separates(spoken.charAt(end))
                    && !spoken.startsWith("[[", end)) {
                dense |= dense(spoken.charAt(end++));
            }
            if (dense) {
                BreakIterator words = BreakIterator.getWordInstance();
                words.setText(spoken.substring(i, end));
                int from = words.first();
                for (int to; (to = words.next()) != BreakIterator.DONE; from = to) {
                    add(spoken, in, i + from, i + to, tokens);
                }
            } else {
                add(spoken, in, i, end, tokens);
            }
            i = Math.max(end, i + 1);
        }
        return tokens;
    }

    /** Adds what has a letter or digit, without what stands around it. */
    private static void add(String spoken, Origins in, int from, int to, List<Token> tokens) {
        int first = from;
        int last = to;
        while (first < last && !Character.isLetterOrDigit(spoken.codePointAt(first))) {
            first += Character.charCount(spoken.codePointAt(first));
        }
        while (last > first && !sounds(spoken.codePointBefore(last))) {
            last -= Character.charCount(spoken.codePointBefore(last));
        }
        if (first < last) {
            tokens.add(token(in, first, last));
        }
    }

    private static boolean sounds(int c) {
        return Character.isLetterOrDigit(c)
                || Character.getType(c) == Character.NON_SPACING_MARK
                || Character.getType(c) == Character.COMBINING_SPACING_MARK;
    }

    private static Token token(Origins in, int from, int to) {
        int start = Integer.MAX_VALUE;
        int end = 0;
        for (int i = from; i < to; i++) {
            start = Math.min(start, in.start(i));
            end = Math.max(end, in.end(i));
        }
        return new Token(from, to, start, Math.max(start, end));
    }

    private static boolean separates(char c) {
        return Character.isWhitespace(c) || "—–…/".indexOf(c) >= 0;
    }

    /** A character of a script without spaces. */
    private static boolean dense(char c) {
        return c >= 0x0E00
                && switch (Character.UnicodeScript.of(c)) {
                    case HAN, HIRAGANA, KATAKANA, THAI, LAO, KHMER, MYANMAR -> true;
                    default -> false;
                };
    }
}
