package dev.skald.text.english;

import dev.skald.text.words.NumberWords;
import dev.skald.text.words.Words;
import java.util.Locale;

/** Numbers that count nothing: years, codes, house numbers. */
final class BareNumbers {
    private BareNumbers() {}

    /** A number that counts nothing: a year, a code, a count. */
    static String words(String text, int i, Quantity number, boolean range) {
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
        if (n >= 3 && n < 6 && Places.streetFollows(text, number.end())) {
            return CodeRules.name(digits);
        }
        boolean code =
                n >= 3
                        && !counts(text, number.end())
                        && (Words.in("digit-by-digit", named(text, i))
                                || n == 4 && before.equals("in") && endingIn(text, i)
                                || n == 5 && Places.stateBefore(text, i));
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

    /** "a card ending in 8876". */
    private static boolean endingIn(String text, int i) {
        String word = Words.before(text, i - 3);
        return word.equals("ending") || word.equals("ends") || word.equals("ended");
    }

    static String endOfRange(String text, Quantity first, Quantity second) {
        boolean years =
                first.kind() == Quantity.Kind.WHOLE
                        && second.kind() == Quantity.Kind.WHOLE
                        && first.text().length() == 4
                        && second.text().length() == 2;
        return years
                ? NumberWords.pair(second.text())
                : words(text, second.end() - second.text().length(), second, true);
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
}
