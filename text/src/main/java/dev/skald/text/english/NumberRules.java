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
                        "(\\d{1,3}(?:,\\d{3})+|\\d{1,18})(?:st|nd|rd|th|ST|ND|RD|TH)(?![A-Za-z0-9])");
        private static final Pattern RANGE = Pattern.compile("(?: ?[–—‒] ?|-)(?=[.\\d½¼¾])");
        private static final Pattern MAGNITUDE =
                Pattern.compile(
                        "(?: ?(?<word>thousand|million|billion|trillion|quadrillion|hundred|dozen|lakhs?|crores?)|(?<short>[KkMmBbT]|bn|Bn|BN|mn|mln|tn|trn)|(?<spaced> (?:bn|mn|mln|tn|M|B|b)))(?![A-Za-z0-9])");
        private static final Pattern FEET =
                Pattern.compile(
                        "(\\d{1,3})'(?: ?(\\d{1,2}(?:\\.\\d+)?)(?:\"|''|(?![\\w'])))|(\\d{1,4})'(?= ?(?:x|by|tall|wide|long|deep|high)(?![A-Za-z]))");
        private static final Pattern ANGLE =
                Pattern.compile(
                        "(\\d{1,3})° ?(\\d{1,2}(?:\\.\\d+)?)'(?: ?(\\d{1,2}(?:\\.\\d+)?)(?:\"|''))?(?: ?([NSEW])(?![A-Za-z]))?");
        private static final Pattern HEIGHT =
                Pattern.compile(
                        "([3-8])(?:ft|FT|foot|feet)\\.? ?(\\d|1[01])(?: ?(?:in|ins|inch|inches)\\b\\.?|\"|(?![\\w.]))");
        private static final Pattern INCHES = Pattern.compile("\"(?![\\w\"])");
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
            reading = measure(text, i);
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
        return m.lookingAt() ? Reading.number(NumberWords.ordinal(m.group(1)), m.end()) : null;
    }

    /** Feet and inches, degrees and minutes. */
    private static @Nullable Reading measure(String text, int i) {
        int near = Math.min(text.length(), i + 12);
        char second = Words.at(text, i + 1);
        if ((second == 'f' || second == 'F') && Words.edge(text, i - 1)) {
            Matcher m = matcher(Patterns.HEIGHT, text, i);
            if (m.lookingAt()) {
                boolean one = m.group(2).equals("1");
                String inches = NumberWords.cardinal(m.group(2));
                // "six feet two" unless inches are written too.
                boolean named = !Character.isDigit(text.charAt(m.end() - 1));
                String unit = !named ? "" : one ? " inch" : " inches";
                return Reading.number(
                        NumberWords.cardinal(m.group(1)) + " feet " + inches + unit, m.end());
            }
        }
        if (text.indexOf('\'', i, near) < 0) {
            return null;
        }
        Matcher m = matcher(Patterns.FEET, text, i);
        if (m.lookingAt()) {
            if (m.group(3) != null) {
                return Reading.number(NumberWords.cardinal(m.group(3)) + " feet", m.end());
            }
            String feet =
                    NumberWords.cardinal(m.group(1))
                            + (m.group(1).equals("1") ? " foot " : " feet ");
            if (m.group(2).equals("0")) {
                return Reading.number(feet.strip(), m.end());
            }
            String inches =
                    NumberWords.decimal(m.group(2))
                            + (m.group(2).equals("1") ? " inch" : " inches");
            return Reading.number(feet + inches, m.end());
        }
        m = matcher(Patterns.ANGLE, text, i);
        if (!m.lookingAt()) {
            return null;
        }
        String words =
                NumberWords.cardinal(m.group(1))
                        + " degrees "
                        + NumberWords.decimal(m.group(2))
                        + " minutes";
        if (m.group(3) != null) {
            words += " " + NumberWords.decimal(m.group(3)) + " seconds";
        }
        if (m.group(4) != null) {
            words +=
                    switch (m.group(4)) {
                        case "N" -> " north";
                        case "S" -> " south";
                        case "E" -> " east";
                        default -> " west";
                    };
        }
        return Reading.number(words, m.end());
    }

    /** One number or a range, and what it counts. */
    private static @Nullable Reading amount(
            String text, int i, Currencies.@Nullable Currency currency) {
        Reading european = Money.european(text, i);
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
            String words = plain(text, i, first, true) + between + endOfRange(text, first, second);
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
        return Reading.number(plain(text, i, first, false), first.end());
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
        if (Words.in("of-plurals", before.toLowerCase(Locale.ROOT)) || Words.in("named", before)) {
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
        Matcher m = matcher(Patterns.MAGNITUDE, text, end);
        String magnitude = m.lookingAt() ? magnitude(text, m, last, currency) : "";
        if (!magnitude.isEmpty()) {
            words += " " + magnitude;
            end = m.end();
            one = false;
        }
        if (currency != null) {
            return Money.amount(text, i, words, end, first, second, !magnitude.isEmpty(), currency);
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
                        text, i, words, after.end(), first, second, !magnitude.isEmpty(), after);
            }
        }
        if (c == '"' && next == end && evenQuotes(text, i)) {
            Matcher inches = matcher(Patterns.INCHES, text, next);
            if (inches.lookingAt()) {
                boolean single = one || Money.describes(text, i, inches.end());
                return Reading.number(words + (single ? " inch" : " inches"), inches.end());
            }
        }
        if (!magnitude.isEmpty()) {
            return Reading.number(words, end);
        }
        if (m.hitEnd() || m.lookingAt()) {
            Reading many = manyOf(text, i, words, m);
            if (many != null) {
                return many;
            }
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

    /** "100 million kg". */
    private static @Nullable Reading manyOf(String text, int i, String words, Matcher magnitude) {
        if (!magnitude.lookingAt() || magnitude.group("word") == null) {
            return null;
        }
        int end = magnitude.end();
        Units.Unit unit = Words.at(text, end) == ' ' ? Units.after(text, end) : null;
        boolean symbol =
                unit != null
                        && unit.end() - end > 2
                        && !Words.in("unit-words", text.substring(end + 1, unit.end()));
        if (!symbol || unit == null) {
            return null;
        }
        boolean describes = Money.describes(text, i, unit.end());
        return Reading.number(
                words
                        + " "
                        + magnitude.group("word")
                        + " "
                        + (describes ? unit.one() : unit.many()),
                unit.end());
    }

    /** What a short or long word for thousands and millions is; empty if it is none here. */
    private static String magnitude(
            String text, Matcher m, Quantity number, Currencies.@Nullable Currency currency) {
        if (m.group("word") != null) {
            return currency == null && m.group().startsWith(" ") ? "" : m.group("word");
        }
        boolean decimal = number.kind() == Quantity.Kind.DECIMAL;
        String symbol = (m.group("short") != null ? m.group("short") : m.group("spaced")).strip();
        if (m.group("spaced") != null && currency == null && symbol.length() < 2) {
            return "";
        }
        return switch (symbol.toLowerCase(Locale.ROOT)) {
            case "k" -> {
                boolean many = number.text().length() > 2 || decimal;
                yield currency != null || many || plural(text, m.end()) ? "thousand" : "";
            }
            case "m" ->
                    currency != null
                                    || symbol.equals("M")
                                    || Words.in("counted", Words.after(text, m.end()))
                            ? "million"
                            : "";
            case "mn", "mln" -> "million";
            case "tn", "trn" -> "trillion";
            case "b" ->
                    currency != null || symbol.equals("B") && (decimal || plural(text, m.end()))
                            ? "billion"
                            : "";
            case "bn" -> "billion";
            case "t" -> currency != null ? "trillion" : "";
            default -> "trillion";
        };
    }

    private static boolean plural(String text, int end) {
        String word = Words.after(text, end);
        return word.length() > 2 && word.endsWith("s") && Character.isLowerCase(word.charAt(0));
    }

    /** A number that counts nothing: a year, a code, a count. */
    private static String plain(String text, int i, Quantity number, boolean range) {
        String digits = number.text();
        String before = Words.before(text, i);
        if (number.kind() == Quantity.Kind.DECIMAL) {
            boolean version = digits.charAt(0) != '.' && Words.in("versioned", before);
            return version ? CodeRules.dotted(digits) : number.words();
        }
        if (number.kind() != Quantity.Kind.WHOLE) {
            return number.words();
        }
        int n = digits.length();
        boolean round = digits.endsWith("000");
        if (n >= 3 && Words.in("named", before)) {
            return CodeRules.name(digits);
        }
        if (n == 3
                && Words.in("hotlines", digits)
                && Words.in("called", Words.after(text, number.end()))) {
            return NumberWords.spelled(digits);
        }
        if (n >= 3 && n < 6 && Places.directionFollows(text, number.end())) {
            return CodeRules.name(digits);
        }
        boolean code =
                n >= 3
                        && !counts(text, number.end())
                        && (Words.in("digit-by-digit", named(text, i))
                                || (n == 5
                                        && before.length() == 2
                                        && before.equals(before.toUpperCase(Locale.ROOT))));
        if (code || (n >= 10 && !round)) {
            return NumberWords.spelled(digits);
        }
        boolean year = n == 4 && digits.compareTo("1001") >= 0 && digits.compareTo("2100") < 0;
        if (year
                && Words.in("amounts", before.toLowerCase(Locale.ROOT))
                && Words.in("counted-verbs", Words.after(text, number.end()))) {
            return number.words();
        }
        return year && (range || !counts(text, number.end()))
                ? NumberWords.year(digits)
                : number.words();
    }

    /** What a number is told to be: "code 12", "code: 12", "code is 12". */
    private static String named(String text, int i) {
        int colon = i - 2;
        if (Words.at(text, i - 1) == ' ' && Words.at(text, colon) == ':') {
            return Words.before(text, colon);
        }
        String before = Words.before(text, i);
        return before.equals("is") || before.equals("number")
                ? Words.before(text, i - before.length() - 1)
                : before;
    }

    private static String endOfRange(String text, Quantity first, Quantity second) {
        boolean years =
                first.kind() == Quantity.Kind.WHOLE
                        && second.kind() == Quantity.Kind.WHOLE
                        && first.text().length() == 4
                        && second.text().length() == 2;
        return years
                ? NumberWords.pair(second.text())
                : plain(text, second.end() - second.text().length(), second, true);
    }

    /** Whether the word at {@code end} is counted by the number before it. */
    private static boolean counts(String text, int end) {
        if (Words.at(text, end) != ' ') {
            return false;
        }
        String word = Words.after(text, end);
        if (word.isEmpty() || !Character.isLowerCase(word.charAt(0))) {
            return false;
        }
        boolean plural = word.length() > 2 && word.endsWith("s") && !word.endsWith("ss");
        return Words.in("counted", word) || (plural && !Words.in("after-years", word));
    }

    private static boolean evenQuotes(String text, int i) {
        int quotes = 0;
        for (int k = Math.max(0, i - 500); k < i; k++) {
            boolean inches = Character.isDigit(Words.at(text, k - 1));
            quotes += text.charAt(k) == '"' && !inches ? 1 : 0;
        }
        return quotes % 2 == 0;
    }

    private static int skipSpace(String text, int i) {
        return Words.at(text, i) == ' ' && i < text.length() ? i + 1 : i;
    }

    private static Matcher matcher(Pattern pattern, String text, int i) {
        return pattern.matcher(text)
                .region(i, Math.min(text.length(), i + 160))
                .useTransparentBounds(true)
                .useAnchoringBounds(false);
    }
}
