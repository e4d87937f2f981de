package dev.skald.text.english;

import dev.skald.text.words.Emoji;
import dev.skald.text.words.NumberWords;
import dev.skald.text.words.Reading;
import dev.skald.text.words.Resources;
import dev.skald.text.words.Roman;
import dev.skald.text.words.Words;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Signs: those whose reading hangs on what is around them first, then {@code symbols-en.tsv}. */
final class SymbolRules {
    private static final int LONGEST = 3;

    private static final class Table {
        private static final Map<String, String[]> ROWS = Resources.table("symbols-en.tsv");
    }

    private SymbolRules() {}

    /** The reading of the sign at {@code i}; null if it stays as it is. */
    static @Nullable Reading read(String text, int i) {
        char c = text.charAt(i);
        return switch (c) {
            case ',', ';', ':' -> Stops.mark(text, i);
            case '?' -> Stops.glued(text, i) ? Reading.of("? ", i + 1) : null;
            case ' ', '"', ')' -> null;
            case '(' -> {
                Reading item = numbered(text, i);
                yield item != null ? item : copyright(text, i);
            }
            case '—' -> i == 0 ? Reading.of("", 1) : null;
            case '!' -> MathSigns.exclamation(text, i);
            case '-' -> MathSigns.hyphen(text, i);
            case '–' -> {
                boolean time =
                        MathSigns.numberFollows(text, i + 1)
                                && Words.in("halves-of-day", Words.before(text, i));
                yield time
                        ? Reading.of("to", i + 1)
                        : Words.at(text, i - 1) == ' ' && i == 1 ? Reading.of("", i + 1) : null;
            }
            case '.', '…' -> Stops.dots(text, i);
            case '\'' -> Stops.apostrophe(text, i);
            case '[', '<', '=' -> {
                Reading markup = Stops.markup(text, i);
                yield markup != null ? markup : MathSigns.comparison(text, i);
            }
            case '*' -> MathSigns.asterisk(text, i);
            case '`' -> inner(text, i) ? Reading.of("'", i + 1) : dropRun(text, i);
            case '★', '☆', '⭐' -> stars(text, i);
            case '_', '|' -> c == '|' ? bar(text, i) : dropRun(text, i);
            case '#' -> hash(text, i);
            case '~' -> tilde(text, i);
            case '>' -> MathSigns.comparison(text, i);
            case '/' -> MathSigns.slash(text, i);
            case '^', '²', '³' -> MathSigns.power(text, i);
            default -> other(text, i, c);
        };
    }

    /** Between two letters: "don`t". */
    private static boolean inner(String text, int i) {
        return Character.isLetter(Words.at(text, i - 1))
                && Character.isLetter(Words.at(text, i + 1));
    }

    /** "(ii) blue": an item of a list in the line. */
    private static @Nullable Reading numbered(String text, int i) {
        int close = text.indexOf(')', i, Math.min(text.length(), i + 7));
        String word = close < 0 ? "" : text.substring(i + 1, close);
        boolean apart = i == 0 || Words.at(text, i - 1) == ' ';
        if (!apart || word.isEmpty() || !Roman.small(word) || Words.at(text, close + 1) != ' ') {
            return null;
        }
        boolean list =
                word.length() > 1
                        || text.indexOf("(ii)", i) >= 0
                        || text.lastIndexOf("(ii)", i) >= 0;
        String number =
                NumberWords.cardinal(String.valueOf(Roman.value(word.toUpperCase(Locale.ROOT))));
        boolean inner = i > 1 && Character.isLetterOrDigit(text.charAt(i - 2));
        return list ? Reading.of(inner ? ", " + number : number, close + 1) : null;
    }

    private static @Nullable Reading other(String text, int i, char c) {
        if (Quantity.raised(c) || c == '⁻' || c == '⁺') {
            return MathSigns.power(text, i);
        }
        if (c >= '₀' && c <= '₉') {
            int end = i;
            StringBuilder digits = new StringBuilder();
            while (Words.at(text, end) >= '₀' && Words.at(text, end) <= '₉' && end - i < 6) {
                digits.append((char) (text.charAt(end++) - '₀' + '0'));
            }
            return Reading.of(NumberWords.cardinal(digits.toString()), end);
        }
        if (Character.isLetterOrDigit(c) || Character.getType(c) == Character.NON_SPACING_MARK) {
            return null;
        }
        Reading table = table(text, i);
        if (table != null) {
            return table;
        }
        if (Emoji.mayBe(c)) {
            Reading emoji = Emoji.read(text, i);
            if (emoji != null) {
                return emoji;
            }
        }
        if (Character.isSurrogate(c)) {
            int point = text.codePointAt(i);
            return Character.isLetterOrDigit(point)
                    ? null
                    : Reading.of("", i + Character.charCount(point));
        }
        return switch (Character.getType(c)) {
            case Character.COMBINING_SPACING_MARK,
                    Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION,
                    Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION,
                    Character.OTHER_PUNCTUATION,
                    Character.DASH_PUNCTUATION ->
                    c > 0x7F ? null : Reading.of("", i + 1);
            default -> Reading.of("", i + 1);
        };
    }

    /** The longest sign of the table at {@code i}. */
    static @Nullable Reading table(String text, int i) {
        for (int n = Math.min(LONGEST, text.length() - i); n > 0; n--) {
            String[] row = Table.ROWS.get(text.substring(i, i + n));
            if (row != null) {
                return Reading.of(row[1], i + n);
            }
        }
        return null;
    }

    private static @Nullable Reading copyright(String text, int i) {
        boolean sign = text.startsWith("(c) ", i) || text.startsWith("(C) ", i);
        return sign && MathSigns.numberFollows(text, i + 4) ? Reading.of("copyright", i + 3) : null;
    }

    static Reading dropRun(String text, int i) {
        return Reading.of("", i + run(text, i));
    }

    /** "★★★☆☆": three out of five stars. */
    private static Reading stars(String text, int i) {
        int end = i;
        int full = 0;
        while (end < text.length() && "★☆⭐".indexOf(text.charAt(end)) >= 0) {
            full += text.charAt(end++) == '☆' ? 0 : 1;
        }
        int all = end - i;
        if (all == 1) {
            return Reading.of("star", end);
        }
        String of = full < all ? " out of " + NumberWords.cardinal(String.valueOf(all)) : "";
        return Reading.of(NumberWords.cardinal(String.valueOf(full)) + of + " stars", end);
    }

    /** Cells of a table are told apart by a pause. */
    private static Reading bar(String text, int i) {
        if (text.startsWith(" || ", i - 1)) {
            return Reading.of("or", i + 2);
        }
        int end = i + run(text, i);
        boolean inner = i > 0 && Words.after(text, end).length() > 0 && i + 1 == end;
        boolean word = !Words.before(text, i).isEmpty();
        return Reading.of(inner && word ? "," : "", end);
    }

    private static Reading hash(String text, int i) {
        Reading code = Rule.first(CodeRules.NUMERIC, text, i);
        if (code != null) {
            return code;
        }
        char previous = Words.at(text, i - 1);
        char next = Words.at(text, i + 1);
        if (next >= '0' && next <= '9') {
            return Reading.of("number", i + 1);
        }
        if (Character.isLetter(previous) && Words.edge(text, i + 1)) {
            return Reading.of("sharp", i + 1);
        }
        if (!Character.isLetter(next)) {
            return dropRun(text, i);
        }
        int end = i + 1;
        while (Character.isLetterOrDigit(Words.at(text, end)) || Words.at(text, end) == '_') {
            end++;
        }
        if (Words.at(text, end) == '-' && Character.isDigit(Words.at(text, end + 1))) {
            return Reading.of("number", i + 1);
        }
        return Reading.of("hashtag " + parted(text, i + 1, end), end);
    }

    /** "BlackFriday2024" in its words. */
    private static String parted(String text, int from, int to) {
        StringBuilder out = new StringBuilder();
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            boolean hump =
                    i > from
                            && ((Character.isUpperCase(c)
                                            && Character.isLowerCase(text.charAt(i - 1)))
                                    || (Character.isDigit(c)
                                            != Character.isDigit(text.charAt(i - 1))));
            if (c == '_' || hump) {
                out.append(' ');
            }
            if (c != '_') {
                out.append(c);
            }
        }
        return out.toString();
    }

    /** "~/bin", "H~2~O", "~5". */
    private static Reading tilde(String text, int i) {
        if (text.startsWith("~/", i) && Words.edge(text, i - 1)) {
            return Reading.of("tilde", i + 1);
        }
        boolean about =
                !subscript(text, i)
                        && (MathSigns.numberFollows(text, i + 1)
                                || MathSigns.amountFollows(text, i + 1));
        return about ? Reading.of("about", i + 1) : dropRun(text, i);
    }

    /** "H~2~O", or its end. */
    private static boolean subscript(String text, int i) {
        int close = text.indexOf('~', i + 1, Math.min(text.length(), i + 5));
        return close > i + 1
                && Character.isLetter(Words.at(text, i - 1))
                && text.substring(i + 1, close).chars().allMatch(Character::isDigit);
    }

    static int run(String text, int i) {
        int n = 1;
        while (i + n < text.length() && text.charAt(i + n) == text.charAt(i)) {
            n++;
        }
        return n;
    }
}
