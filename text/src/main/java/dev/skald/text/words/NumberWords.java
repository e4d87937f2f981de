package dev.skald.text.words;

import com.ibm.icu.text.RuleBasedNumberFormat;
import com.ibm.icu.util.ULocale;

/** Numbers in English words, by the rules of {@code numbers-en.rbnf}. */
public final class NumberWords {
    /** More digits than this are read one by one. */
    private static final int MOST_DIGITS = 18;

    private static final String[] DIGITS = {
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"
    };

    /** Built on first use: it costs more than reading a sentence without numbers. */
    private static final class Rules {
        private static final RuleBasedNumberFormat FORMAT = build();

        private static RuleBasedNumberFormat build() {
            StringBuilder rules = new StringBuilder();
            for (String line : Resources.lines("numbers-en.rbnf")) {
                rules.append(line).append('\n');
            }
            return new RuleBasedNumberFormat(rules.toString(), ULocale.ENGLISH);
        }
    }

    private NumberWords() {}

    /** {@code "1234"} or {@code "1,234"}: one thousand two hundred thirty-four. */
    public static String cardinal(String digits) {
        String plain = digits.replace(",", "");
        return plain.length() > MOST_DIGITS
                ? spelled(plain)
                : format(Long.parseLong(plain), "%cardinal");
    }

    /** {@code "22"}: twenty-second. */
    public static String ordinal(String digits) {
        String plain = digits.replace(",", "");
        return plain.length() > MOST_DIGITS
                ? spelled(plain) + "th"
                : format(Long.parseLong(plain), "%ordinal");
    }

    /** {@code "1905"}: nineteen oh five. */
    public static String year(String digits) {
        return digits.length() == 4 ? format(Integer.parseInt(digits), "%year") : cardinal(digits);
    }

    /** Two digits after a colon or a century: "oh five", "forty-five". */
    public static String pair(String digits) {
        return digits.length() == 2 && digits.charAt(0) == '0'
                ? "oh " + digit(digits.charAt(1))
                : cardinal(digits);
    }

    /** {@code "3.14"}: three point one four; {@code ".5"}: point five. */
    public static String decimal(String number) {
        int point = number.indexOf('.');
        if (point < 0) {
            return cardinal(number);
        }
        String whole = point == 0 ? "" : cardinal(number.substring(0, point)) + " ";
        return whole + "point " + spelled(number.substring(point + 1));
    }

    /** Each digit by itself; other characters are left out. */
    public static String spelled(CharSequence digits) {
        StringBuilder out = new StringBuilder(digits.length() * 5);
        for (int i = 0; i < digits.length(); i++) {
            char c = digits.charAt(i);
            if (c >= '0' && c <= '9') {
                out.append(out.isEmpty() ? "" : " ").append(digit(c));
            }
        }
        return out.toString();
    }

    /** Letters and digits one by one: "F F five seven". */
    public static String spelledWithLetters(CharSequence code) {
        StringBuilder out = new StringBuilder(code.length() * 4);
        for (int i = 0; i < code.length(); i++) {
            char c = code.charAt(i);
            if (Character.isLetterOrDigit(c)) {
                out.append(out.isEmpty() ? "" : " ");
                out.append(
                        c >= '0' && c <= '9' ? digit(c) : String.valueOf(Character.toUpperCase(c)));
            }
        }
        return out.toString();
    }

    /** A denominator: "half", "third", "quarters". */
    public static String denominator(String digits, boolean many) {
        return switch (digits) {
            case "2" -> many ? "halves" : "half";
            case "4" -> many ? "quarters" : "quarter";
            default -> ordinal(digits) + (many ? "s" : "");
        };
    }

    /** The plural of a number word: "nineties", "sixes", "fours". */
    public static String plural(String words) {
        if (words.endsWith("y")) {
            return words.substring(0, words.length() - 1) + "ies";
        }
        return words + (words.endsWith("x") ? "es" : "s");
    }

    public static String digit(char c) {
        return DIGITS[c - '0'];
    }

    private static String format(long value, String rule) {
        // The formatter keeps state while it works.
        synchronized (Rules.FORMAT) {
            return Rules.FORMAT.format(value, rule);
        }
    }
}
