package dev.skald.text.english;

import dev.skald.text.words.Currencies;
import dev.skald.text.words.NumberWords;
import dev.skald.text.words.Reading;
import dev.skald.text.words.Words;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Sums of money in words. */
final class Money {
    /** "1.234,56 €" and "12,50 €", as much of Europe writes them. */
    private static final Pattern EUROPEAN =
            Pattern.compile("(\\d{1,3}(?:[. ]\\d{3})+|\\d+),(\\d{2})(?= ?(?:€|EUR\\b))");

    /** The same behind the sign: "€5,50". */
    private static final Pattern DECIMAL_COMMA =
            Pattern.compile("(\\d{1,3}(?:\\.\\d{3})+|\\d+),(\\d{2})(?![\\d,])");

    private Money() {}

    /**
     * A sum with a decimal comma; null if none begins at {@code i}.
     *
     * @param before the currency whose sign stood before; null if it follows
     */
    static @Nullable Reading european(String text, int i, Currencies.@Nullable Currency before) {
        Matcher sum =
                (before == null ? EUROPEAN : DECIMAL_COMMA)
                        .matcher(text)
                        .region(i, Math.min(text.length(), i + 40))
                        .useTransparentBounds(true);
        if (text.charAt(i) == '.' || !sum.lookingAt()) {
            return null;
        }
        String whole = sum.group(1).replace(".", "").replace(" ", "");
        if (before != null) {
            return before.cent().equals("-")
                    ? null
                    : Reading.number(coins(whole, sum.group(2), before), sum.end());
        }
        int symbol = Words.at(text, sum.end()) == ' ' ? sum.end() + 1 : sum.end();
        Currencies.Currency euro = Currencies.at(text, symbol);
        if (euro == null) {
            return null;
        }
        return Reading.number(coins(whole, sum.group(2), euro), euro.end());
    }

    /**
     * A number or range in a currency.
     *
     * @param i where the number begins
     * @param words the number as said
     * @param end where everything ends
     * @param magnitude whether "million" or the like is part of the words
     */
    static Reading amount(
            String text,
            int i,
            String words,
            int end,
            Quantity first,
            @Nullable Quantity second,
            boolean magnitude,
            Currencies.Currency currency) {
        Currencies.Currency named = named(text, end, currency);
        return named == null
                ? sum(text, i, words, end, first, second, magnitude, currency)
                : sum(text, i, words, named.end(), first, second, magnitude, named);
    }

    /** "$5 USD", "$5 million dollars": the currency whose name follows its sign. */
    private static Currencies.@Nullable Currency named(
            String text, int end, Currencies.Currency sign) {
        String word = Words.at(text, end) == ' ' ? Words.after(text, end) : "";
        int after = end + 1 + word.length();
        if (word.equals(sign.many()) || word.equals(sign.one())) {
            return new Currencies.Currency(
                    sign.one(), sign.many(), sign.cent(), sign.cents(), after);
        }
        Currencies.Currency code = word.length() == 3 ? Currencies.at(text, end + 1) : null;
        return code != null && code.end() == after && code.many().endsWith(" " + sign.many())
                ? code
                : null;
    }

    private static Reading sum(
            String text,
            int i,
            String words,
            int end,
            Quantity first,
            @Nullable Quantity second,
            boolean magnitude,
            Currencies.Currency currency) {
        boolean cents =
                second == null && !magnitude && cents(first) && !currency.cent().equals("-");
        if (cents) {
            return Reading.number(coins(first.text(), currency), end);
        }
        if (second != null
                && !magnitude
                && (cents(first) || cents(second))
                && !currency.cent().equals("-")) {
            return Reading.number(range(first.text(), second.text(), currency), end);
        }
        boolean one = second == null && !magnitude && first.singular();
        int start = i;
        while (start > i - 8 && start > 0 && text.charAt(start - 1) != ' ') {
            start--;
        }
        boolean single = one || describes(text, start, end);
        String amount =
                first.kind() == Quantity.Kind.WHOLE && second == null && !magnitude
                        ? NumberWords.cardinal(first.text())
                        : words;
        return Reading.number(amount + " " + (single ? currency.one() : currency.many()), end);
    }

    /** "3.50" and "3.5". */
    private static boolean cents(Quantity sum) {
        return sum.kind() == Quantity.Kind.DECIMAL
                && sum.text().length() - sum.text().indexOf('.') <= 3;
    }

    /** "fifty to one hundred dollars"; with cents each sum has its own. */
    private static String range(String from, String to, Currencies.Currency currency) {
        if (whole(from) && whole(to)) {
            return NumberWords.cardinal(units(from))
                    + " to "
                    + NumberWords.cardinal(units(to))
                    + " "
                    + currency.many();
        }
        return coins(from, currency) + " to " + coins(to, currency);
    }

    private static boolean whole(String sum) {
        return sum.indexOf('.') < 0 || sum.endsWith(".00");
    }

    private static String units(String sum) {
        int point = sum.indexOf('.');
        return point < 0 ? sum : sum.substring(0, point);
    }

    private static String coins(String sum, Currencies.Currency currency) {
        String small = sum.indexOf('.') < 0 ? "00" : sum.substring(sum.indexOf('.') + 1);
        return coins(units(sum), small.length() == 2 ? small : small + "0", currency);
    }

    /** "three dollars and fifty cents", "ninety-nine cents". */
    private static String coins(String whole, String hundredths, Currencies.Currency currency) {
        String units = whole.isEmpty() ? "0" : whole.replace(",", "");
        boolean none = units.chars().allMatch(c -> c == '0');
        String main =
                NumberWords.cardinal(units)
                        + " "
                        + (units.equals("1") ? currency.one() : currency.many());
        if (hundredths.equals("00")) {
            return main;
        }
        String small =
                NumberWords.cardinal(hundredths)
                        + " "
                        + (hundredths.equals("01") ? currency.cent() : currency.cents());
        return none ? small : main + " and " + small;
    }

    /** Whether a measure describes what follows: "a 5 km run", "a $20 bill". */
    static boolean describes(String text, int start, int end) {
        String noun = Words.at(text, end) == ' ' ? Words.after(text, end) : "";
        if (Words.in("priced", noun)
                || Words.in("priced", singular(noun))
                || Words.in("measured", noun)) {
            return true;
        }
        String before = Words.before(text, start);
        if (!before.equalsIgnoreCase("a") && !before.equalsIgnoreCase("an")) {
            return false;
        }
        if (Words.at(text, end) == '-') {
            return true;
        }
        return !noun.isEmpty() && Character.isLetter(noun.charAt(0)) && !Words.in("no-nouns", noun);
    }

    private static String singular(String noun) {
        return noun.endsWith("s") ? noun.substring(0, noun.length() - 1) : noun;
    }
}
