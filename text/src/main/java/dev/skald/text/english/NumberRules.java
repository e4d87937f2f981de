package dev.skald.text.english;

import dev.skald.text.words.Currencies;
import dev.skald.text.words.NumberWords;
import dev.skald.text.words.Reading;
import dev.skald.text.words.Units;
import dev.skald.text.words.Words;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Everything that begins with a number: codes, dates and times first, then amounts of things. */
final class NumberRules {
    /** Compiled when the first number comes. */
    private static final class Patterns {
        private static final Pattern ORDINAL =
                Pattern.compile(
                        "(\\d{1,3}(?:,\\d{3})+|\\d{1,18})(?:st|nd|rd|th|ST|ND|RD|TH)(s?)(?![A-Za-z0-9])");
        private static final Pattern RANGE = Pattern.compile("(?: ?[–—‒] ?|-)(?=[.\\d½¼¾])");
        private static final Pattern TAIL = Pattern.compile("([A-Za-z]+\\d*)(?![\\w])");
    }

    /** "100s of people". */
    private static final Map<String, String> ROUND =
            Map.of("10", "tens", "100", "hundreds", "1000", "thousands");

    private NumberRules() {}

    /** The reading of the number at {@code i}, which is a digit, a point or a vulgar fraction. */
    static @Nullable Reading read(String text, int i) {
        Reading reading = Rule.first(DateRules.NUMERIC, text, i);
        if (reading == null) {
            reading = Rule.first(CodeRules.NUMERIC, text, i);
        }
        if (reading == null) {
            reading = Rule.first(TimeRules.NUMERIC, text, i);
        }
        if (reading == null) {
            reading = ordinal(text, i);
        }
        if (reading == null) {
            reading = Lengths.read(text, i);
        }
        return reading == null ? amount(text, i, null) : reading;
    }

    /** An amount of money whose symbol or code ends where {@code currency} says. */
    static @Nullable Reading money(String text, Currencies.Currency currency) {
        int at = currency.end();
        if (Words.at(text, at) == ' ') {
            at++;
        }
        boolean minus = Words.at(text, at) == '-' && Character.isDigit(Words.at(text, at + 1));
        int from = minus ? at + 1 : at;
        if (from >= text.length() || !startsNumber(text, from)) {
            return null;
        }
        Reading amount = amount(text, from, currency);
        return amount == null || !minus
                ? amount
                : Reading.number("minus " + amount.words(), amount.end());
    }

    static boolean startsNumber(String text, int i) {
        char c = text.charAt(i);
        return (c >= '0' && c <= '9')
                || (c == '.' && Words.at(text, i + 1) >= '0' && Words.at(text, i + 1) <= '9');
    }

    private static @Nullable Reading ordinal(String text, int i) {
        Matcher m = matcher(Patterns.ORDINAL, text, i);
        return m.lookingAt()
                ? Reading.number(NumberWords.ordinal(m.group(1)) + m.group(2), m.end())
                : null;
    }

    /** One number or a range, and what it counts. */
    private static @Nullable Reading amount(
            String text, int i, Currencies.@Nullable Currency currency) {
        Reading european = Money.european(text, i, currency);
        if (european != null) {
            return european;
        }
        Quantity first = Quantity.at(text, i);
        if (first == null) {
            return null;
        }
        String round = ROUND.getOrDefault(first.text(), "");
        if (!round.isEmpty() && text.startsWith("s of", first.end())) {
            return Reading.number(round, first.end() + 1);
        }
        if (first.kind() == Quantity.Kind.WHOLE
                && Words.at(text, first.end()) == 's'
                && Words.edge(text, first.end() + 1)
                && Words.in("models", Words.before(text, i))) {
            return Reading.number(first.words() + " s", first.end() + 1);
        }
        if (currency == null && plural(text, i, first)) {
            String name = first.text().equals("00") ? "two thousand" : CodeRules.name(first.text());
            int end = Words.at(text, first.end()) == '\'' ? first.end() + 2 : first.end() + 1;
            return Reading.number(NumberWords.plural(name), end);
        }
        Quantity second = range(text, first, currency);
        Quantity last = second == null ? first : second;
        Reading counted = counted(text, i, first, second, last, currency);
        if (counted != null) {
            return counted;
        }
        if (second != null) {
            boolean name =
                    first.text().equals("50") && second.text().equals("50")
                            || first.text().length() == 3
                                    && second.text().length() == 3
                                    && Words.in("named", Words.before(text, i));
            String between = name ? " " : " to ";
            String words =
                    BareNumbers.words(text, i, first, true)
                            + between
                            + BareNumbers.endOfRange(text, first, second);
            boolean times =
                    Words.at(text, second.end()) == 'x' && Words.edge(text, second.end() + 1);
            return times
                    ? Reading.number(words + " times", second.end() + 1)
                    : Reading.number(words, second.end());
        }
        Matcher tail = matcher(Patterns.TAIL, text, first.end());
        boolean letters = tail.lookingAt();
        if (letters && (first.kind() == Quantity.Kind.WHOLE || tail.group(1).equals("x"))) {
            return tail(text, first, tail);
        }
        return Reading.number(BareNumbers.words(text, i, first, false), first.end());
    }

    /** "two 6s", "the 747s": the plural of a number; "in 6s" are seconds. */
    private static boolean plural(String text, int i, Quantity number) {
        int s = Words.at(text, number.end()) == '\'' ? number.end() + 1 : number.end();
        if (number.kind() != Quantity.Kind.WHOLE
                || Words.at(text, s) != 's'
                || !Words.edge(text, s + 1)
                || Words.at(text, i - 1) == '/') {
            return false;
        }
        String before = Words.before(text, i);
        if (Words.in("of-plurals", before.toLowerCase(Locale.ROOT))
                || Words.in("named", before)
                || Words.at(text, i - 1) == 'x') {
            return true;
        }
        return s > number.end()
                || number.text().length() > 2
                        && !Words.in("of-seconds", before.toLowerCase(Locale.ROOT));
    }

    /** "4K", "3D", "1080p". */
    private static Reading tail(String text, Quantity number, Matcher tail) {
        String letters = tail.group(1);
        if (letters.equals("s")) {
            return Reading.number(NumberWords.plural(CodeRules.name(number.text())), tail.end());
        }
        int next = skipSpace(text, tail.end());
        boolean algebra =
                "+-−=*^<>".indexOf(Words.at(text, next)) >= 0 || afterOperator(text, number);
        if (letters.equalsIgnoreCase("x") && !algebra) {
            return Reading.number(number.words() + " times", tail.end());
        }
        String name =
                number.kind() == Quantity.Kind.WHOLE
                        ? CodeRules.name(number.text())
                        : number.words();
        return Reading.number(name, number.end());
    }

    /** "= 2x": a factor, not "two times". */
    private static boolean afterOperator(String text, Quantity number) {
        int i = number.end() - number.text().length() - 1;
        char before = Words.at(text, Words.at(text, i) == ' ' ? i - 1 : i);
        return "=+*<>".indexOf(before) >= 0;
    }

    private static @Nullable Quantity range(
            String text, Quantity first, Currencies.@Nullable Currency currency) {
        if (first.kind() == Quantity.Kind.RATING || first.kind() == Quantity.Kind.POWER) {
            return null;
        }
        int end = first.end();
        if (currency != null) {
            // "$5-$10": the second symbol says nothing new.
            char dash = Words.at(text, end);
            if ((dash == '-' || dash == '–') && end + 1 < text.length()) {
                Currencies.Currency again = Currencies.at(text, end + 1);
                if (again != null && again.many().equals(currency.many())) {
                    return again.end() < text.length() ? Quantity.at(text, again.end()) : null;
                }
            }
        }
        Matcher dash = matcher(Patterns.RANGE, text, end);
        if (!dash.lookingAt()) {
            return null;
        }
        Quantity second = Quantity.at(text, dash.end());
        if (second == null || second.kind() == Quantity.Kind.RATING) {
            return null;
        }
        char after = Words.at(text, second.end());
        if (equation(text, second.end()) && text.charAt(dash.start()) == '-' && currency == null) {
            return null;
        }
        boolean goesOn =
                (after == '-' || after == '/' || after == ':')
                        && Character.isDigit(Words.at(text, second.end() + 1));
        return goesOn ? null : second;
    }

    /** Whether "= ..." follows: what looks like a range is a difference. */
    private static boolean equation(String text, int end) {
        int next = skipSpace(text, end);
        return Words.at(text, next) == '='
                && numberOrSign(Words.at(text, skipSpace(text, next + 1)));
    }

    private static boolean numberOrSign(char c) {
        return Character.isLetterOrDigit(c) || c == '-' || c == '?' || c == '−';
    }

    private static @Nullable Reading counted(
            String text,
            int i,
            Quantity first,
            @Nullable Quantity second,
            Quantity last,
            Currencies.@Nullable Currency currency) {
        String words = second == null ? first.words() : first.words() + " to " + second.words();
        boolean one = second == null && first.singular();
        int end = last.end();
        Magnitudes.Magnitude magnitude = Magnitudes.after(text, end, last, currency);
        if (magnitude != null) {
            words += " " + magnitude.word();
            end = magnitude.end();
            one = false;
        }
        if (currency != null) {
            return Money.amount(text, i, words, end, first, second, magnitude != null, currency);
        }
        int next = skipSpace(text, end);
        char c = Words.at(text, next);
        if (c == '%') {
            return Reading.number(words + " percent", next + 1);
        }
        if (Currencies.symbol(c) || c == '¢' || Character.isUpperCase(c) || c == 'k' || c == 'z') {
            boolean followsNumber =
                    Character.isDigit(Words.at(text, next + 1)) || text.startsWith("Rs", next);
            Currencies.Currency after = followsNumber ? null : Currencies.at(text, next);
            if (after != null) {
                return Money.amount(
                        text, i, words, after.end(), first, second, magnitude != null, after);
            }
        }
        int inches = c == '"' && next == end ? Lengths.inches(text, i, next) : -1;
        if (inches > 0) {
            boolean single = one || Money.describes(text, i, inches);
            return Reading.number(words + (single ? " inch" : " inches"), inches);
        }
        if (magnitude != null) {
            return Reading.number(words, end);
        }
        Reading many = Magnitudes.ofUnit(text, i, end, words);
        if (many != null) {
            return many;
        }
        Units.Unit unit = Units.after(text, end);
        if (unit == null) {
            return null;
        }
        if (Words.at(text, end) == '-') {
            return Reading.number(words + "-" + unit.one(), unit.end());
        }
        boolean single = one || Money.describes(text, i, unit.end());
        return Reading.number(words + " " + (single ? unit.one() : unit.many()), unit.end());
    }

    private static int skipSpace(String text, int i) {
        return Words.at(text, i) == ' ' && i < text.length() ? i + 1 : i;
    }

    static Matcher matcher(Pattern pattern, String text, int i) {
        return pattern.matcher(text)
                .region(i, Math.min(text.length(), i + 160))
                .useTransparentBounds(true)
                .useAnchoringBounds(false);
    }
}
