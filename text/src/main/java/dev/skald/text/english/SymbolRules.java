package dev.skald.text.english;

import dev.skald.text.words.Abbreviations;
import dev.skald.text.words.Currencies;
import dev.skald.text.words.Emoji;
import dev.skald.text.words.NumberWords;
import dev.skald.text.words.Reading;
import dev.skald.text.words.Resources;
import dev.skald.text.words.Roman;
import dev.skald.text.words.Units;
import dev.skald.text.words.Words;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Signs: those whose reading hangs on what is around them first, then {@code symbols-en.tsv}. */
final class SymbolRules {
    private static final int LONGEST = 3;

    private static final class Table {
        private static final Map<String, String[]> ROWS = Resources.table("symbols-en.tsv");
    }

    private static final class Markup {
        private static final List<Rule> RULES =
                List.of(
                        new Rule(
                                "]",
                                "\\[[1-9]\\d{0,2}\\](?=[\\s.,;:!?)\\[]|$)(?! ?=)",
                                SymbolRules::citation),
                        new Rule("", "[:;=]['-]?[()DPp/|](?![\\w(])", SymbolRules::emoticon));
    }

    private SymbolRules() {}

    /** The reading of the sign at {@code i}; null if it stays as it is. */
    static @Nullable Reading read(String text, int i) {
        char c = text.charAt(i);
        return switch (c) {
            case ',', ';', ':' -> {
                Reading face =
                        c == ',' || !mayBeFace(text, i) ? null : Rule.first(Markup.RULES, text, i);
                yield face != null || !glued(text, i) ? face : Reading.of(c + " ", i + 1);
            }
            case '?' -> glued(text, i) ? Reading.of("? ", i + 1) : null;
            case ' ', '"', ')' -> null;
            case '(' -> {
                Reading item = numbered(text, i);
                yield item != null ? item : copyright(text, i);
            }
            case '—' -> i == 0 ? Reading.of("", 1) : null;
            case '!' -> exclamation(text, i);
            case '-' -> hyphen(text, i);
            case '–' -> {
                boolean time =
                        numberFollows(text, i + 1)
                                && Words.in("halves-of-day", Words.before(text, i));
                yield time
                        ? Reading.of("to", i + 1)
                        : Words.at(text, i - 1) == ' ' && i == 1 ? Reading.of("", i + 1) : null;
            }
            case '.', '…' -> dots(text, i);
            case '\'' -> apostrophe(text, i);
            case '[', '<', '=' -> {
                Reading markup = Rule.first(Markup.RULES, text, i);
                yield markup != null ? markup : comparison(text, i);
            }
            case '*' -> between(text, i) ? Reading.of("times", i + 1) : dropRun(text, i);
            case '`' -> inner(text, i) ? Reading.of("'", i + 1) : dropRun(text, i);
            case '_', '|' -> c == '|' ? bar(text, i) : dropRun(text, i);
            case '#' -> hash(text, i);
            case '~' ->
                    numberFollows(text, i + 1) || amountFollows(text, i + 1)
                            ? Reading.of("about", i + 1)
                            : dropRun(text, i);
            case '>' -> comparison(text, i);
            case '/' -> slash(text, i);
            case '^', '²', '³' -> power(text, i);
            default -> other(text, i, c);
        };
    }

    /** A factorial before a sign, a mark of its own elsewhere. */
    private static @Nullable Reading exclamation(String text, int i) {
        if (Words.at(text, i + 1) == '=') {
            return table(text, i);
        }
        int next = Words.at(text, i + 1) == ' ' ? i + 2 : i + 1;
        boolean factorial =
                Character.isDigit(Words.at(text, i - 1))
                        && "=+*/×÷".indexOf(Words.at(text, next)) >= 0;
        return factorial
                ? Reading.of("factorial", i + 1)
                : glued(text, i) ? Reading.of("! ", i + 1) : null;
    }

    /** A stop between two words without a space: "Tom,Dick", "Answer:yes", "no;5". */
    private static boolean glued(String text, int i) {
        char before = Words.at(text, i - 1);
        char after = Words.at(text, i + 1);
        return (Character.isLetter(before) || ")]\"'".indexOf(before) >= 0 && i > 0)
                && (Character.isLetter(after) || Character.isDigit(after) && text.charAt(i) != ':');
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
            return power(text, i);
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
        return sign && numberFollows(text, i + 4) ? Reading.of("copyright", i + 3) : null;
    }

    private static @Nullable Reading hyphen(String text, int i) {
        int run = run(text, i);
        if (text.startsWith("->", i) || text.startsWith("-->", i)) {
            return table(text, i);
        }
        char previous = Words.at(text, i - 1);
        char next = Words.at(text, i + run);
        if (run == 1 && previous == ' ' && next == ' ' && i > 0 && equationNear(text, i)) {
            return Reading.of("minus", i + 1);
        }
        if (run == 1
                && numberFollows(text, i + 1)
                && Words.in("halves-of-day", Words.before(text, i))) {
            return Reading.of("to", i + 1);
        }
        if (run > 1) {
            boolean inner = i > 0 && i + run < text.length() && !(previous == ' ' && next != ' ');
            return Reading.of(inner ? " — " : "", i + run);
        }
        boolean opens = " (\"'[=+*/<>:,~".indexOf(previous) >= 0;
        if (opens && (numberFollows(text, i + 1) || amountFollows(text, i + 1))) {
            return Reading.of("minus", i + 1);
        }
        return i == 0 && next == ' ' ? Reading.of("", 1) : null;
    }

    /** Whether a sign of equality stands near, with something on both sides of the minus. */
    private static boolean equationNear(String text, int i) {
        int from = Math.max(0, i - 40);
        int equals = text.indexOf('=', from, Math.min(text.length(), i + 40));
        return equals >= 0 && operand(text, i - 2, -1) && operand(text, i + 2, 1);
    }

    private static boolean operand(String text, int i, int step) {
        char c = Words.at(text, i);
        boolean single =
                Character.isLetter(c)
                        && (Words.edge(text, i + step)
                                || Character.isDigit(Words.at(text, i + step)));
        return Character.isDigit(c)
                || c == '-'
                || c == (step > 0 ? '(' : ')')
                || single
                || Quantity.raised(c)
                || Character.isLetter(c) && Words.at(text, i + step) == '(';
    }

    private static boolean amountFollows(String text, int i) {
        return Currencies.symbol(Words.at(text, i)) && numberFollows(text, i + 1);
    }

    /** An ellipsis is a pause in the middle of a sentence and a full stop at its end. */
    private static @Nullable Reading dots(String text, int i) {
        int end = i;
        while (Words.at(text, end) == '.'
                || Words.at(text, end) == '…'
                || (Words.at(text, end) == ' '
                        && end > i
                        && Words.at(text, end + 1) == '.'
                        && !Character.isDigit(Words.at(text, end + 2)))) {
            end++;
        }
        if (end == i + 1 && text.charAt(i) == '.') {
            boolean path = Words.at(text, end) == '/' && Words.edge(text, i - 1);
            return path || insideName(text, i) ? Reading.of("dot", end) : null;
        }
        if (end == i + 2 && Words.at(text, end) == '/') {
            return Reading.of("dot dot", end);
        }
        if (i > 1 && Words.at(text, i - 1) == ' ' && ",;:".indexOf(text.charAt(i - 2)) >= 0) {
            return Reading.of("", end);
        }
        int next = end;
        while (Abbreviations.closer(Words.at(text, next)) && next < text.length()) {
            next++;
        }
        char follows = Words.at(text, next);
        if (i == 0 || "([\"' —–-".indexOf(Words.at(text, i - 1)) >= 0 && i < 2) {
            return Reading.of("", end);
        }
        if ("!?,;:".indexOf(follows) >= 0) {
            return Reading.of("", end);
        }
        if (next >= text.length()) {
            return Reading.of(".", end);
        }
        boolean sentence = follows == ' ' && Character.isUpperCase(Words.at(text, next + 1));
        return Reading.of(sentence ? "." : follows == ' ' || next > end ? "," : ", ", end);
    }

    /** "np.zeros", "java.lang.String": a dot with words of more than a letter around it. */
    private static boolean insideName(String text, int i) {
        boolean words =
                Character.isLetter(Words.at(text, i - 1))
                        && Character.isLetter(Words.at(text, i + 1))
                        && (Character.isLetter(Words.at(text, i - 2))
                                || Character.isLetter(Words.at(text, i + 2)));
        return words
                && (Character.isLowerCase(text.charAt(i + 1))
                        || text.lastIndexOf(' ', i) < text.lastIndexOf('.', i - 1));
    }

    private static @Nullable Reading apostrophe(String text, int i) {
        boolean digits =
                Character.isDigit(Words.at(text, i + 1))
                        && Character.isDigit(Words.at(text, i + 2));
        boolean quarter =
                Character.isDigit(Words.at(text, i - 1))
                        && Character.isLetter(Words.at(text, i - 2));
        return digits && (quarter || Words.edge(text, i - 1))
                ? Rule.first(DateRules.NUMERIC, text, i)
                : null;
    }

    private static @Nullable Reading comparison(String text, int i) {
        char c = text.charAt(i);
        if (c == '[') {
            return Reading.of("", i + 1);
        }
        Reading sign = table(text, i);
        if (sign == null || sign.end() > i + 1 || c == '=') {
            int run = run(text, i);
            boolean spaced =
                    Words.at(text, i - 1) == ' ' && Words.at(text, i + run) == ' ' && i > 0;
            return run == 3 && spaced
                    ? Reading.of("equals", i + run)
                    : run > 2 ? Reading.of("", i + run) : sign;
        }
        boolean compares =
                numberFollows(text, i + 1)
                        || numberFollows(text, i + 2)
                        || (Words.at(text, i - 1) == ' ' && Words.at(text, i + 1) == ' ');
        return compares && i > 0 || numberFollows(text, i + 1) ? sign : Reading.of("", i + 1);
    }

    private static Reading dropRun(String text, int i) {
        return Reading.of("", i + run(text, i));
    }

    /** Cells of a table are told apart by a pause. */
    private static Reading bar(String text, int i) {
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

    private static @Nullable Reading slash(String text, int i) {
        if (text.startsWith("//", i)) {
            return dropRun(text, i);
        }
        boolean spaced = Words.at(text, i - 1) == ' ' && Words.at(text, i + 1) == ' ';
        if (spaced) {
            return between(text, i) ? Reading.of("divided by", i + 1) : Reading.of(",", i + 1);
        }
        boolean rate =
                Character.isLetter(Words.at(text, i - 1))
                        && Words.in("per", Words.after(text, i + 1));
        Units.Unit unit = rate ? Units.at(text, i + 1) : null;
        if (unit != null) {
            return Reading.of("per " + unit.one(), unit.end());
        }
        return Reading.of(rate ? "per" : "slash", i + 1);
    }

    /** "x²", "x^2", "10⁻³" after its base. */
    private static Reading power(String text, int i) {
        boolean caret = text.charAt(i) == '^';
        int start = caret ? i + 1 : i;
        int end = start;
        while (end - start < 6
                && (Quantity.raised(Words.at(text, end))
                        || (end == start && "⁻⁺".indexOf(Words.at(text, end)) >= 0))) {
            end++;
        }
        String digits = Quantity.lowered(text.substring(start, end));
        Reading charge = caret ? null : charge(text, start, end, digits);
        if (charge != null) {
            return charge;
        }
        if (caret && end == start) {
            while (end - start < 6 && Character.isDigit(Words.at(text, end))) {
                end++;
            }
            digits = text.substring(start, end);
        }
        boolean based =
                Character.isLetterOrDigit(Words.at(text, i - 1)) || Words.at(text, i - 1) == ')';
        if (digits.isEmpty() || digits.equals("-") || !based) {
            boolean infix = caret && based && Character.isLetter(Words.at(text, i + 1));
            return Reading.of(infix ? "to the power of" : "", i + 1);
        }
        return Reading.of(Quantity.exponent(digits, true).strip(), end);
    }

    /** "Ca²⁺": the charge of an ion. */
    private static @Nullable Reading charge(String text, int start, int end, String digits) {
        boolean alone = end == start + 1 && "⁺⁻".indexOf(text.charAt(start)) >= 0;
        int sign = alone ? start : end;
        char c = Words.at(text, sign);
        if ((c != '⁺' && c != '⁻')
                || digits.startsWith("-") && !alone
                || Quantity.raised(Words.at(text, sign + 1))) {
            return null;
        }
        boolean ion =
                Character.isLetter(Words.at(text, start - 1))
                        || Words.at(text, start - 1) >= '₀' && Words.at(text, start - 1) <= '₉';
        String count = alone ? "" : NumberWords.cardinal(digits) + " ";
        return ion ? Reading.of(count + (c == '⁺' ? "plus" : "minus"), sign + 1) : null;
    }

    /** Whether numbers (or a letter each) stand on both sides of a sign. */
    private static boolean between(String text, int i) {
        int before = Words.at(text, i - 1) == ' ' ? i - 2 : i - 1;
        int after = Words.at(text, i + 1) == ' ' ? i + 2 : i + 1;
        char left = Words.at(text, before);
        return (Character.isDigit(left) || left == ')' || single(text, before))
                && (Character.isDigit(Words.at(text, after))
                        || Words.at(text, after) == '('
                        || single(text, after))
                && (Words.at(text, i - 1) == ' ') == (Words.at(text, i + 1) == ' ');
    }

    private static boolean single(String text, int i) {
        return Character.isLetter(Words.at(text, i))
                && Words.edge(text, i - 1)
                && Words.edge(text, i + 1);
    }

    private static boolean numberFollows(String text, int i) {
        char c = Words.at(text, i);
        return (c >= '0' && c <= '9') || (c == '.' && Character.isDigit(Words.at(text, i + 1)));
    }

    private static int run(String text, int i) {
        int n = 1;
        while (i + n < text.length() && text.charAt(i + n) == text.charAt(i)) {
            n++;
        }
        return n;
    }

    private static boolean mayBeFace(String text, int i) {
        return "'-()DPp/|".indexOf(Words.at(text, i + 1)) >= 0;
    }

    private static @Nullable String citation(Rule.Hit hit) {
        char previous = hit.previous();
        return Character.isLetterOrDigit(previous) || ".,;:!?\"')]".indexOf(previous) >= 0
                ? ""
                : null;
    }

    private static @Nullable String emoticon(Rule.Hit hit) {
        boolean apart = hit.previous() == ' ';
        boolean ends = hit.next() == ' ' || ".,!?".indexOf(hit.next()) >= 0;
        return apart && ends ? "" : null;
    }
}
