package dev.skald.text.english;

import dev.skald.text.words.Reading;
import dev.skald.text.words.Resources;
import dev.skald.text.words.Words;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** States behind a place's name, and the points of the compass in street names. */
final class Places {
    private static final class States {
        private static final Map<String, String[]> ROWS = Resources.table("states-en.tsv");
        private static final Set<String> NAMES =
                ROWS.values().stream().map(row -> row[1]).collect(Collectors.toSet());
    }

    /** A street has no more words than this in its name. */
    private static final int MOST_NAMES = 4;

    private Places() {}

    /** "Boston, MA", "Chicago, Ill.": the state whose short form stands at {@code i}. */
    static @Nullable Reading state(String text, int i, int end) {
        if (Words.at(text, i - 1) != ' ' || Words.at(text, i - 2) != ',') {
            return null;
        }
        String place = Words.before(text, i - 2);
        if (!Words.capitalised(place)
                || place.equals(place.toUpperCase(Locale.ROOT))
                || Words.in("function-words", place)
                || Words.in("interjections", place)) {
            return null;
        }
        int dot = end;
        while (Words.at(text, dot) == '.'
                && Character.isUpperCase(Words.at(text, dot + 1))
                && Words.edge(text, dot + 2)) {
            dot += 2;
        }
        String[] row =
                Words.at(text, dot) == '.' ? States.ROWS.get(text.substring(i, dot + 1)) : null;
        if (row != null) {
            boolean stop = dev.skald.text.words.Abbreviations.endsSentence(text, dot);
            return Reading.of(row[1] + (stop ? "." : ""), dot + 1);
        }
        row = States.ROWS.get(text.substring(i, end));
        if (row != null && row[0].equals("MD") && doctor(text, i)) {
            return null;
        }
        return row != null && Words.edge(text, end) && Words.at(text, end) != '\''
                ? Reading.of(row[1], end)
                : null;
    }

    /** "Dr. Jane Smith, MD": a title or an initial stands before the name. */
    private static boolean doctor(String text, int i) {
        int comma = text.lastIndexOf(',', i - 3);
        String name = text.substring(Math.max(comma + 1, i - 40), i - 2);
        return name.contains("Dr.")
                || name.contains("Doctor ")
                || name.matches(".*\\b[A-Z]\\.? [A-Z][a-z]+");
    }

    /** "708 N 1st St", "123 Main St": whether the name of a street follows a house number. */
    static boolean streetFollows(String text, int end) {
        if (Words.at(text, end) != ' ') {
            return false;
        }
        if (direction(text, end + 1) != null) {
            return true;
        }
        int at = end;
        for (int n = 0; n < MOST_NAMES; n++) {
            String word = Words.at(text, at) == ' ' ? Words.after(text, at) : "";
            if (n > 0 && Words.in("streets", word)) {
                return true;
            }
            if (!Words.capitalised(word) && !ordinal(word)) {
                return false;
            }
            at += 1 + word.length();
        }
        return false;
    }

    /** "CA 90210", "FL, 95051", "Oregon 97201": whether a state stands before {@code i}. */
    static boolean stateBefore(String text, int i) {
        boolean comma = Words.at(text, i - 1) == ' ' && Words.at(text, i - 2) == ',';
        String word = Words.before(text, comma ? i - 2 : i);
        return word.length() == 2 && word.equals(word.toUpperCase(Locale.ROOT))
                || comma && States.NAMES.contains(word);
    }

    private static boolean ordinal(String word) {
        return !word.isEmpty()
                && Character.isDigit(word.charAt(0))
                && Character.isLetter(word.charAt(word.length() - 1));
    }

    /** The point of the compass at {@code i} in a street's name; null if there is none. */
    static @Nullable Reading direction(String text, int i) {
        int end = i;
        while (end < text.length() && Character.isUpperCase(text.charAt(end))) {
            end++;
        }
        if (end == i || end - i > 2 || !Words.edge(text, end)) {
            return null;
        }
        String name =
                switch (text.substring(i, end)) {
                    case "N" -> "North";
                    case "S" -> "South";
                    case "E" -> "East";
                    case "W" -> "West";
                    case "NE" -> "Northeast";
                    case "NW" -> "Northwest";
                    case "SE" -> "Southeast";
                    case "SW" -> "Southwest";
                    default -> "";
                };
        int next = Words.at(text, end) == '.' ? end + 1 : end;
        String street = Words.at(text, next) == ' ' ? Words.after(text, next) : "";
        String before = Words.before(text, i);
        boolean house =
                !before.isEmpty()
                        && Character.isDigit(before.charAt(0))
                        && Character.isDigit(before.charAt(before.length() - 1));
        boolean road = Words.in("streets", Words.after(text, next + 1 + street.length()));
        boolean named = house && (ordinal(street) || Words.capitalised(street) && road);
        // "W. 34th St.", "1600 Pennsylvania Avenue NW"
        boolean numbered = ordinal(street) && road;
        boolean behind = end - i == 2 && Words.in("streets", before);
        return name.isEmpty() || !named && !numbered && !behind
                ? null
                : Reading.of(name, behind ? end : next);
    }
}
