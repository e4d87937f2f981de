package dev.skald.text.english;

import dev.skald.text.words.Currencies;
import dev.skald.text.words.Reading;
import dev.skald.text.words.Units;
import dev.skald.text.words.Words;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Thousands and millions, as words and as letters. */
final class Magnitudes {
    /** Compiled when the first number comes. */
    private static final class Patterns {
        private static final Pattern MAGNITUDE =
                Pattern.compile(
                        "(?: ?(?<word>thousand|million|billion|trillion|quadrillion|hundred|dozen|lakhs?|crores?)|(?<short>[KkMmBbT]|mm|MM|bn|Bn|BN|mn|mln|tn|trn)|(?<spaced> (?:bn|mn|mln|tn|M|B|b)))(?![A-Za-z0-9])");
    }

    /**
     * A magnitude found.
     *
     * @param word as said
     * @param end where it ends
     */
    record Magnitude(String word, int end) {}

    private Magnitudes() {}

    /** The thousands or millions that a number which ends at {@code end} counts; null if none. */
    static @Nullable Magnitude after(
            String text, int end, Quantity number, Currencies.@Nullable Currency currency) {
        Matcher m = NumberRules.matcher(Patterns.MAGNITUDE, text, end);
        String word = m.lookingAt() ? word(text, m, number, currency) : "";
        return word.isEmpty() ? null : new Magnitude(word, m.end());
    }

    private static String word(
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
            case "mm" -> currency != null ? "million" : "";
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

    /**
     * "100 million kg".
     *
     * @param i where the number begins
     * @param end where it ends
     * @param words the number as said
     */
    static @Nullable Reading ofUnit(String text, int i, int end, String words) {
        Matcher magnitude = NumberRules.matcher(Patterns.MAGNITUDE, text, end);
        if (!magnitude.lookingAt() || magnitude.group("word") == null) {
            return null;
        }
        int after = magnitude.end();
        Units.Unit unit = Words.at(text, after) == ' ' ? Units.after(text, after) : null;
        if (unit == null
                || unit.end() - after < 3
                || Words.in("unit-words", text.substring(after + 1, unit.end()))) {
            return null;
        }
        boolean describes = Money.describes(text, i, unit.end());
        String name = describes ? unit.one() : unit.many();
        return Reading.number(words + " " + magnitude.group("word") + " " + name, unit.end());
    }
}
