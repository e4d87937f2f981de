package dev.skald.text.english;

import dev.skald.text.words.Currencies;
import dev.skald.text.words.NumberWords;
import dev.skald.text.words.Reading;
import dev.skald.text.words.Units;
import dev.skald.text.words.Words;
import org.jspecify.annotations.Nullable;

/** Signs of arithmetic: what they say hangs on the numbers and letters around them. */
final class MathSigns {
    private MathSigns() {}

    static @Nullable Reading hyphen(String text, int i) {
        int run = SymbolRules.run(text, i);
        if (text.startsWith("->", i) || text.startsWith("-->", i)) {
            return SymbolRules.table(text, i);
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

    static boolean amountFollows(String text, int i) {
        return Currencies.symbol(Words.at(text, i)) && numberFollows(text, i + 1);
    }

    /** A factorial before a sign, a mark of its own elsewhere. */
    static @Nullable Reading exclamation(String text, int i) {
        if (Words.at(text, i + 1) == '=') {
            return SymbolRules.table(text, i);
        }
        int next = Words.at(text, i + 1) == ' ' ? i + 2 : i + 1;
        boolean factorial =
                Character.isDigit(Words.at(text, i - 1))
                        && "=+*/×÷".indexOf(Words.at(text, next)) >= 0;
        return factorial
                ? Reading.of("factorial", i + 1)
                : Stops.glued(text, i) ? Reading.of("! ", i + 1) : null;
    }

    static @Nullable Reading comparison(String text, int i) {
        char c = text.charAt(i);
        if (c == '[') {
            return Reading.of("", i + 1);
        }
        Reading sign = SymbolRules.table(text, i);
        if (sign == null || sign.end() > i + 1 || c == '=') {
            int run = SymbolRules.run(text, i);
            boolean spaced =
                    Words.at(text, i - 1) == ' ' && Words.at(text, i + run) == ' ' && i > 0;
            return run == 3 && spaced
                    ? Reading.of("equals", i + run)
                    : run > 2 ? Reading.of("", i + run) : sign;
        }
        if (heart(text, i)) {
            return Reading.of("heart", i + 2);
        }
        boolean compares =
                numberFollows(text, i + 1)
                        || numberFollows(text, i + 2)
                        || amountFollows(text, i + 1)
                        || single(text, i - 1) && single(text, i + 1)
                        || (Words.at(text, i - 1) == ' ' && Words.at(text, i + 1) == ' ');
        return compares && i > 0 || numberFollows(text, i + 1) || amountFollows(text, i + 1)
                ? sign
                : Reading.of("", i + 1);
    }

    /** "I <3 you", but not "p <3". */
    private static boolean heart(String text, int i) {
        return text.startsWith("<3", i)
                && Words.edge(text, i + 2)
                && Words.at(text, i + 2) != '%'
                && Words.at(text, i - 1) == ' '
                && (Words.before(text, i).equals("I") || !operand(text, i - 2, -1));
    }

    static @Nullable Reading slash(String text, int i) {
        if (text.startsWith("//", i)) {
            return SymbolRules.dropRun(text, i);
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

    /** "2**3" is a power, "5 * 3" a product; else a mark that is not said. */
    static Reading asterisk(String text, int i) {
        boolean product = between(text, i);
        if (!product && text.startsWith("**", i) && i > 0) {
            boolean power =
                    (Character.isDigit(text.charAt(i - 1)) || single(text, i - 1))
                            && (numberFollows(text, i + 2) || single(text, i + 2));
            return power ? Reading.of("to the power of", i + 2) : SymbolRules.dropRun(text, i);
        }
        return product ? Reading.of("times", i + 1) : SymbolRules.dropRun(text, i);
    }

    /** "x²", "x^2", "10⁻³" after its base. */
    static Reading power(String text, int i) {
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
    static boolean between(String text, int i) {
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

    static boolean numberFollows(String text, int i) {
        char c = Words.at(text, i);
        return (c >= '0' && c <= '9') || (c == '.' && Character.isDigit(Words.at(text, i + 1)));
    }
}
