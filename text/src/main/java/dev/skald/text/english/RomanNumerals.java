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

    private static final String[] JOINS = {
        " and ", " or ", " to ", " through ", ", and ", ", ", " & ", " – ", " - "
    };

    private static final int MOST_LISTED = 8;

    private RomanNumerals() {}

    /** The reading of the word from {@code i} to {@code end}; null if it is no numeral here. */
    static @Nullable Reading read(String text, int i, int end) {
        if (!mayBe(text, i, end)) {
            return null;
        }
        String word = text.substring(i, end);
        String capitals = word.toUpperCase(Locale.ROOT);
        boolean upper = word.equals(capitals);
        if (!upper && ordinal(word)) {
            String stem = word.substring(0, word.length() - 2);
            return Reading.of(NumberWords.ordinal(String.valueOf(Roman.value(stem))), end);
        }
        if (Roman.value(capitals) == 0
                || (!upper && !word.equals(word.toLowerCase(Locale.ROOT)) && word.length() < 2)) {
            return null;
        }
        String number = String.valueOf(Roman.value(capitals));
        String before = Words.before(text, i);
        boolean numbered = numbered(text, i, word, end);
        if (!upper) {
            boolean page = Roman.small(word) && afterAbbreviation(text, i);
            boolean counts = word.length() > 1 && numbered && !capitals.equals("MIX");
            return counts || page ? Reading.number(NumberWords.cardinal(number), end) : null;
        }
        if (numbered || (Roman.afterNumbered(word) && afterAbbreviation(text, i))) {
            return Reading.number(NumberWords.cardinal(number), end);
        }
        if (year(word)) {
            return Reading.number(NumberWords.year(number), end);
        }
        String ruler = Words.capitalised(before) ? titled(before) : before;
        if (Words.in("regnal", ruler) && regnal(text, word, ruler, end)) {
            return Reading.of("the " + NumberWords.ordinal(number), end);
        }
        if (listedRuler(text, i, word)) {
            return Reading.of("the " + NumberWords.ordinal(number), end);
        }
        if (word.length() > 1
                && (centuries(text, end) || Words.in("games", Words.after(text, end)))) {
            return Reading.number(NumberWords.ordinal(number), end);
        }
        boolean unlisted =
                Words.capitalised(before)
                        && !before.equals(before.toUpperCase(Locale.ROOT))
                        && !Words.in("function-words", before)
                        && !Words.in("not-numerals", word)
                        && Roman.value(word) <= LARGEST_UNLISTED;
        return unlisted || sure(word) ? Reading.number(NumberWords.cardinal(number), end) : null;
    }

    /** Whether there is no letter but those of numerals, before "th" and the like. */
    private static boolean mayBe(String text, int i, int end) {
        char last = text.charAt(end - 1);
        boolean ending = end - i > 2 && (last == 'h' || last == 't' || last == 'd');
        for (int k = i; k < (ending ? end - 2 : end); k++) {
            if ("IVXLCDMivxlcdm".indexOf(text.charAt(k)) < 0) {
                return false;
            }
        }
        return true;
    }

    /** "XIXth". */
    private static boolean ordinal(String word) {
        int n = word.length() - 2;
        return n > 0
                && (word.endsWith("th")
                        || word.endsWith("st")
                        || word.endsWith("nd")
                        || word.endsWith("rd"))
                && Roman.value(word.substring(0, n)) > 0;
    }

    /** Whether it can be nothing but a number: "III", "XIV". */
    private static boolean sure(String word) {
        for (int i = 0; i < word.length(); i++) {
            if ("IVX".indexOf(word.charAt(i)) < 0) {
                return false;
            }
        }
        return word.length() > 2 && !Words.in("not-numerals", word);
    }

    /** "XVI century", "XVI-XVII centuries". */
    private static boolean centuries(String text, int end) {
        String after = Words.after(text, end);
        if (after.equalsIgnoreCase("century") || after.equals("centuries")) {
            return true;
        }
        for (String join : new String[] {"-", "–", " and ", " to ", " or "}) {
            if (text.startsWith(join, end)) {
                int next = end + join.length();
                int last = next;
                while (Character.isLetter(Words.at(text, last))) {
                    last++;
                }
                String word = text.substring(next, last);
                String following = Words.after(text, last);
                return Roman.value(word) > 0
                        && (following.equals("century") || following.equals("centuries"));
            }
        }
        return false;
    }

    /** "MCMXCIX". */
    private static boolean year(String word) {
        int value = Roman.value(word);
        return word.length() > 3 && value > 1000 && value < 2100 && !Words.in("not-numerals", word);
    }

    /**
     * Whether a word that is numbered goes before, at once or before the rest of a list or range.
     */
    private static boolean numbered(String text, int i, String word, int end) {
        if (Roman.letter(word)) {
            return false;
        }
        int at = i;
        for (int n = 0; n < MOST_LISTED; n++) {
            String before = Words.before(text, at);
            if (isNumbered(before)) {
                boolean named = before.equals(titled(before));
                // "World War I, I am told": a pronoun.
                return !word.equals("I") || named && at == i || !goesOn(text, end);
            }
            int start = joined(text, at);
            if (start < 0) {
                return false;
            }
            int first = start;
            while (first > 0 && Character.isLetter(text.charAt(first - 1))) {
                first--;
            }
            if (Roman.value(text.substring(first, start).toUpperCase(Locale.ROOT)) == 0) {
                return false;
            }
            if (afterAbbreviation(text, first)) {
                return true;
            }
            at = first;
        }
        return false;
    }

    /** "Pius IX and XII". */
    private static boolean listedRuler(String text, int i, String word) {
        boolean only = word.equals("I") && ",.;)".indexOf(Words.at(text, i + 1)) >= 0;
        int start = word.length() < 2 && !only ? -1 : joined(text, i);
        int first = start;
        while (first > 0 && Character.isLetter(text.charAt(first - 1))) {
            first--;
        }
        return start > 0
                && Roman.value(text.substring(first, start)) > 0
                && Words.in("regnal", Words.before(text, first));
    }

    /** "the part I played": words follow in the same breath. */
    private static boolean goesOn(String text, int end) {
        String after = Words.at(text, end) == ' ' ? Words.after(text, end) : "";
        return !after.isEmpty() && Character.isLetter(after.charAt(0)) && !isNumbered(after);
    }

    /**
     * Where the item before "and", "to", a comma or a dash ends; -1 if none of them stands there.
     */
    private static int joined(String text, int at) {
        char dash = Words.at(text, at - 1);
        if (dash == '-' || dash == '–' || dash == '/') {
            return at - 1;
        }
        for (String join : JOINS) {
            if (text.startsWith(join, at - join.length())) {
                return at - join.length();
            }
        }
        return -1;
    }

    private static boolean isNumbered(String word) {
        String title = titled(word);
        return Words.in("numbered", title)
                || title.endsWith("s")
                        && Words.in("numbered", title.substring(0, title.length() - 1));
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

    /** "CHAPTER" and "chapter" as "Chapter". */
    private static String titled(String word) {
        return word.length() < 3
                ? word
                : Character.toUpperCase(word.charAt(0))
                        + word.substring(1).toLowerCase(Locale.ROOT);
    }
}
