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

    private Money() {}

    /** A sum with a decimal comma before its euro sign; null if none begins at {@code i}. */
    static @Nullable Reading european(String text, int i) {
        Matcher sum =
                EUROPEAN.matcher(text)
                        .region(i, Math.min(text.length(), i + 40))
                        .useTransparentBounds(true);
        if (text.charAt(i) == '.' || !sum.lookingAt()) {
            return null;
        }
        int symbol = Words.at(text, sum.end()) == ' ' ? sum.end() + 1 : sum.end();
        Currencies.Currency euro = Currencies.at(text, symbol);
        if (euro == null) {
            return null;
        }
        String whole = sum.group(1).replace(".", "").replace(" ", "");
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
        boolean cents =
                second == null && !magnitude && cents(first) && !currency.cent().equals("-");
        if (cents) {
            int point = first.text().indexOf('.');
            String whole = first.text().substring(0, point);
            return Reading.number(coins(whole, first.text().substring(point + 1), currency), end);
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

    private static boolean cents(Quantity sum) {
        return sum.kind() == Quantity.Kind.DECIMAL
                && sum.text().length() - sum.text().indexOf('.') == 3;
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
