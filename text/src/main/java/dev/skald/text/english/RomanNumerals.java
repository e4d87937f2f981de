package dev.skald.text.english;

import dev.skald.text.words.Abbreviations;
import dev.skald.text.words.NumberWords;
import dev.skald.text.words.Reading;
import dev.skald.text.words.Roman;
import dev.skald.text.words.Words;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Roman numerals: ordinals after a ruler's name, cardinals after a word that is numbered. */
final class RomanNumerals {
    /** Above this a numeral after any other capitalised word is taken for letters. */
    private static final int LARGEST_UNLISTED = 39;

    private RomanNumerals() {}

    /** The reading of the word from {@code i} to {@code end}; null if it is no numeral here. */
    static @Nullable Reading read(String text, int i, int end) {
        String word = text.substring(i, end);
        String capitals = word.toUpperCase(Locale.ROOT);
        boolean upper = word.equals(capitals);
        if ((!upper && word.length() < 2) || Roman.value(capitals) == 0) {
            return null;
        }
        String number = String.valueOf(Roman.value(capitals));
        String before = Words.before(text, i);
        boolean numbered =
                !Roman.letter(word)
                        && (Words.in("numbered", before) || Words.in("numbered", titled(before)));
        if (!upper) {
            return numbered && !capitals.equals("MIX")
                    ? Reading.number(NumberWords.cardinal(number), end)
                    : null;
        }
        if (numbered || (Roman.afterNumbered(word) && afterAbbreviation(text, i))) {
            return Reading.number(NumberWords.cardinal(number), end);
        }
        if (Words.in("regnal", before) && regnal(text, word, before, end)) {
            return Reading.of("the " + NumberWords.ordinal(number), end);
        }
        String after = Words.after(text, end);
        if (after.equalsIgnoreCase("century") && word.length() > 1) {
            return Reading.of(NumberWords.ordinal(number), end);
        }
        boolean unlisted =
                Words.capitalised(before)
                        && !before.equals(before.toUpperCase(Locale.ROOT))
                        && !Words.in("function-words", before)
                        && !Words.in("not-numerals", word)
                        && Roman.value(word) <= LARGEST_UNLISTED;
        return unlisted ? Reading.number(NumberWords.cardinal(number), end) : null;
    }

    /** "Charles I was", but not "Charles I think". */
    private static boolean regnal(String text, String word, String before, int end) {
        if (word.equals("X") && before.equals("Malcolm")) {
            return false;
        }
        if (word.length() > 1 || Words.at(text, end) != ' ') {
            return word.length() > 1 || Words.at(text, end) != '.' || notInitial(text, end);
        }
        String after = Words.after(text, end);
        return switch (after) {
            case "of", "was", "and", "ruled", "reigned", "died", "became", "in", "to", "is", "on" ->
                    true;
            default -> !word.equals("I") && (after.isEmpty() || !Words.capitalised(after));
        };
    }

    private static boolean notInitial(String text, int dot) {
        return Words.after(text, dot + 1).isEmpty();
    }

    /** "Vol. II". */
    private static boolean afterAbbreviation(String text, int i) {
        if (Words.at(text, i - 1) != ' ' || Words.at(text, i - 2) != '.') {
            return false;
        }
        String word = Words.before(text, i - 2);
        Abbreviations.Entry entry = Abbreviations.find(word + ".");
        return entry != null && entry.kind() == Abbreviations.Kind.NUMBER;
    }

    private static String titled(String word) {
        return word.isEmpty() || word.length() < 3
                ? word
                : Character.toUpperCase(word.charAt(0)) + word.substring(1);
    }
}
