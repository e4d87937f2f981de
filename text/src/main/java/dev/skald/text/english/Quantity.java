package dev.skald.text.english;

import dev.skald.text.words.CalendarNames;
import dev.skald.text.words.NumberWords;
import dev.skald.text.words.Words;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A bare number as written: whole, decimal, fraction, power or in scientific notation.
 *
 * @param text as written
 * @param words as said
 * @param kind what it is
 * @param end where it ends
 */
record Quantity(String text, String words, Kind kind, int end) {
    enum Kind {
        /** Digits alone. */
        WHOLE,
        /** Digits in groups of three. */
        GROUPED,
        DECIMAL,
        /** Less than one of something. */
        FRACTION,
        /** A whole number and a fraction. */
        MIXED,
        /** A power or scientific notation. */
        POWER,
        /** Two numbers that only look like a fraction: 24/7, 10/10. */
        RATING
    }

    private static final int WINDOW = 120;
    private static final String VULGAR = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒";
    private static final String[] VULGAR_VALUES = {
        "1/2", "1/3", "2/3", "1/4", "3/4", "1/5", "2/5", "3/5", "4/5", "1/6", "5/6", "1/7", "1/8",
        "3/8", "5/8", "7/8", "1/9", "1/10"
    };
    private static final String RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

    private static final String NUMBER =
            "\\d{1,3}(?:\\.\\d{3}){2,},\\d{1,9}(?!\\d)|(?:\\d{1,3}(?:,\\d{3})++(?!\\d)|\\d{1,3}(?:['_]\\d{3})++(?![\\w'])|\\d{1,2}(?:,\\d{2})+,\\d{3}(?!\\d)|[1-9]\\d{0,2}(?: \\d{3}){1,5}(?![\\w-])(?! \\d)|\\d++)(?:\\.\\d++)?|\\.\\d++";

    private static final Pattern SCIENTIFIC =
            Pattern.compile(
                    "(?<m>\\d{1,15}(?:\\.\\d{1,30})?)(?:[eE](?<e>[-+−]?\\d{1,5})(?!\\w)"
                            + "| ?[×x*·] ?10(?:\\^[({]?(?<p>[-+−]?\\d{1,5})[)}]?|(?<r>[⁺⁻]?["
                            + RAISED
                            + "]{1,5})))");

    private static final Pattern RAISED_TO =
            Pattern.compile(
                    "(?<b>\\d{1,15}(?:\\.\\d{1,30})?)(?:(?<r>[⁺⁻]?["
                            + RAISED
                            + "]{1,5})|\\^[({]?(?<p>[-+−]?\\d{1,5})[)}]?)");

    private static final Pattern FRACTION =
            Pattern.compile(
                    "(?:(?<w>\\d{1,6})(?:(?: and |[ -])(?=\\d)|[ -]?(?=["
                            + VULGAR
                            + "])))?(?:(?<v>["
                            + VULGAR
                            + "])|(?<n>\\d{1,6}(?:\\.\\d+)?)/(?<d>\\d{1,6}(?:\\.\\d{1,3})?)(?i:st|nd|rds?|ths?)?(?![\\w/]))");

    private static final Pattern PLAIN = Pattern.compile(NUMBER);

    /** The number that begins at {@code i}; null if none does. */
    static @Nullable Quantity at(String text, int i) {
        char c = text.charAt(i);
        boolean digit = c >= '0' && c <= '9';
        boolean point = c == '.' && i + 1 < text.length() && digit(text.charAt(i + 1));
        if (!digit && !point && VULGAR.indexOf(c) < 0) {
            return null;
        }
        Quantity special = scientific(text, i);
        if (special == null) {
            special = fraction(text, i);
        }
        if (special != null) {
            return special;
        }
        Matcher plain = matcher(PLAIN, text, i);
        if (!plain.lookingAt()) {
            return null;
        }
        String number = plain.group();
        int space = number.indexOf(' ');
        if (space > 0 && space == number.lastIndexOf(' ') && !grouped(text, i, plain.end())) {
            return plain(number.substring(0, space), i + space);
        }
        return plain(number, plain.end());
    }

    /** Whether the blank in "10 000" parts thousands, and not two numbers: "Room 12 100 people". */
    private static boolean grouped(String text, int i, int end) {
        String before = Words.before(text, i);
        boolean named =
                Words.in("named", before)
                        || Words.in("numbered", before)
                        || Words.in("digit-by-digit", before)
                        || Words.in("verses", before)
                        || Words.in("versioned", before)
                        || CalendarNames.named(before);
        return !named
                && "/:.".indexOf(Words.at(text, i - 1)) < 0
                && !text.startsWith(" dollar ", end);
    }

    /** Whether it is exactly one, or part of one: "one kilometer", "one half mile". */
    boolean singular() {
        return kind == Kind.FRACTION || text.equals("1");
    }

    private static Quantity plain(String number, int end) {
        int comma = number.lastIndexOf(',');
        boolean european = comma > 0 && number.indexOf('.') >= 0 && number.indexOf('.') < comma;
        String digits =
                european
                        ? number.replace(".", "").replace(',', '.')
                        : number.replace(" ", "").replace("'", "").replace("_", "");
        if (digits.indexOf('.') >= 0) {
            return new Quantity(digits, NumberWords.decimal(digits), Kind.DECIMAL, end);
        }
        if (digits.indexOf(',') >= 0 || digits.length() < number.length()) {
            return new Quantity(
                    digits.replace(",", ""), NumberWords.cardinal(digits), Kind.GROUPED, end);
        }
        boolean zeros = digits.length() > 1 && digits.charAt(0) == '0';
        String words = zeros ? NumberWords.spelled(digits) : NumberWords.cardinal(digits);
        return new Quantity(digits, words, Kind.WHOLE, end);
    }

    private static @Nullable Quantity scientific(String text, int i) {
        if (!mayBePower(text, i)) {
            return null;
        }
        Matcher m = matcher(SCIENTIFIC, text, i);
        if (m.lookingAt()) {
            String exponent = m.group("e") != null ? m.group("e") : m.group("p");
            String power = exponent(exponent == null ? lowered(m.group("r")) : exponent, false);
            String words = NumberWords.decimal(m.group("m")) + " times ten" + power;
            return new Quantity(m.group(), words, Kind.POWER, m.end());
        }
        m = matcher(RAISED_TO, text, i);
        if (m.lookingAt()) {
            String raised = m.group("r");
            String power = exponent(raised == null ? m.group("p") : lowered(raised), true);
            return new Quantity(
                    m.group(), NumberWords.decimal(m.group("b")) + power, Kind.POWER, m.end());
        }
        return null;
    }

    private static boolean mayBePower(String text, int i) {
        int end = Math.min(text.length(), i + 48);
        for (int k = i + 1; k < end; k++) {
            char c = text.charAt(k);
            if ("eE^×*·x⁺⁻".indexOf(c) >= 0 || RAISED.indexOf(c) >= 0) {
                return true;
            }
            if (!digit(c) && c != '.' && c != ' ') {
                return false;
            }
        }
        return false;
    }

    /** " squared", " to the power of minus five". */
    static String exponent(String digits, boolean named) {
        String plain = digits.startsWith("+") ? digits.substring(1) : digits;
        if (named && plain.equals("2")) {
            return " squared";
        }
        if (named && plain.equals("3")) {
            return " cubed";
        }
        boolean negative = plain.startsWith("-") || plain.startsWith("−");
        return " to the power of "
                + (negative ? "minus " : "")
                + NumberWords.cardinal(negative ? plain.substring(1) : plain);
    }

    /** Raised digits as ordinary ones. */
    static String lowered(String raised) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < raised.length(); i++) {
            char c = raised.charAt(i);
            int value = RAISED.indexOf(c);
            if (value >= 0) {
                out.append((char) ('0' + value));
            } else if (c == '⁻') {
                out.append('-');
            }
        }
        return out.toString();
    }

    static boolean raised(char c) {
        return RAISED.indexOf(c) >= 0;
    }

    private static @Nullable Quantity fraction(String text, int i) {
        Matcher m = matcher(FRACTION, text, i);
        if (!m.lookingAt()) {
            return null;
        }
        String n = m.group("n");
        String d = m.group("d");
        String vulgar = m.group("v");
        if (vulgar != null || n == null || d == null) {
            String value = VULGAR_VALUES[VULGAR.indexOf(vulgar == null ? "½" : vulgar)];
            int slash = value.indexOf('/');
            n = value.substring(0, slash);
            d = value.substring(slash + 1);
        }
        String whole = m.group("w");
        if (whole != null) {
            boolean proper = n.length() < 5 && d.length() < 5 && less(n, d);
            if (!proper) {
                return plain(whole, m.start() + whole.length());
            }
            String part = n.equals("1") ? "a " + NumberWords.denominator(d, false) : parts(n, d);
            return new Quantity(
                    m.group(), NumberWords.cardinal(whole) + " and " + part, Kind.MIXED, m.end());
        }
        String rating =
                switch (n + "/" + d) {
                    case "24/7" -> "twenty-four seven";
                    case "9/11" -> "nine eleven";
                    case "7/11" -> "seven eleven";
                    case "50/50", "60/40", "70/30", "80/20", "90/10" ->
                            NumberWords.cardinal(n) + " " + NumberWords.cardinal(d);
                    case "20/20" -> "twenty twenty";
                    default -> "";
                };
        if (!rating.isEmpty()) {
            return new Quantity(m.group(), rating, Kind.RATING, m.end());
        }
        boolean score =
                (d.equals("100") && !n.equals("1"))
                        || (d.equals("10") && Words.in("rated", Words.before(text, i)));
        if (n.indexOf('.') >= 0 || d.indexOf('.') >= 0 || n.equals(d) || d.equals("0") || score) {
            String words = NumberWords.decimal(n) + " out of " + NumberWords.decimal(d);
            return new Quantity(m.group(), words, Kind.RATING, m.end());
        }
        if (n.length() == 4 && d.length() == 4) {
            String years = NumberWords.year(n) + " slash " + NumberWords.year(d);
            return new Quantity(m.group(), years, Kind.RATING, m.end());
        }
        if (n.length() == 4 && n.indexOf('.') < 0 && d.length() == 2 && d.equals(following(n))) {
            String season = NumberWords.year(n) + " " + NumberWords.pair(d);
            return new Quantity(m.group(), season, Kind.RATING, m.end());
        }
        boolean improper = d.length() < 3 && Integer.parseInt(d) <= 10 && n.length() < 3;
        if (!(less(n, d) || improper) || !sayable(d)) {
            String words = NumberWords.cardinal(n) + " over " + NumberWords.cardinal(d);
            return new Quantity(m.group(), words, Kind.RATING, m.end());
        }
        return new Quantity(m.group(), parts(n, d), Kind.FRACTION, m.end());
    }

    /** The two digits of the year after. */
    private static String following(String year) {
        int next = (Integer.parseInt(year) + 1) % 100;
        return next < 10 ? "0" + next : String.valueOf(next);
    }

    private static boolean less(String n, String d) {
        return n.indexOf('.') < 0
                && d.indexOf('.') < 0
                && Integer.parseInt(n) < Integer.parseInt(d);
    }

    /** Whether a denominator is said as an ordinal. */
    private static boolean sayable(String d) {
        int value = Integer.parseInt(d);
        return value > 1 && (value <= 100 || value % 1000 == 0);
    }

    private static String parts(String n, String d) {
        return NumberWords.cardinal(n) + " " + NumberWords.denominator(d, !n.equals("1"));
    }

    private static Matcher matcher(Pattern pattern, String text, int i) {
        return pattern.matcher(text)
                .region(i, Math.min(text.length(), i + WINDOW))
                .useTransparentBounds(true)
                .useAnchoringBounds(false);
    }

    private static boolean digit(char c) {
        return c >= '0' && c <= '9';
    }
}
