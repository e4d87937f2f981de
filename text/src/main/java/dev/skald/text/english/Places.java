package dev.skald.text.english;

import dev.skald.text.words.Reading;
import dev.skald.text.words.Resources;
import dev.skald.text.words.Words;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** States behind a place's name, and the points of the compass in street names. */
final class Places {
    private static final class States {
        private static final Map<String, String[]> ROWS = Resources.table("states-en.tsv");
    }

    private Places() {}

    /** "Boston, MA", "Chicago, Ill.": the state whose short form stands at {@code i}. */
    static @Nullable Reading state(String text, int i, int end) {
        if (Words.at(text, i - 1) != ' ' || Words.at(text, i - 2) != ',') {
            return null;
        }
        String place = Words.before(text, i - 2);
        if (!Words.capitalised(place)
                || place.equals(place.toUpperCase(java.util.Locale.ROOT))
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
        return row != null && Words.edge(text, end) && Words.at(text, end) != '\''
                ? Reading.of(row[1], end)
                : null;
    }

    /** "708 N 1st St", "1600 NW Oak Ave": whether a point of the compass follows a house number. */
    static boolean directionFollows(String text, int end) {
        if (Words.at(text, end) != ' ') {
            return false;
        }
        int i = end + 1;
        return direction(text, i) != null;
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
        boolean ordinal =
                !street.isEmpty()
                        && Character.isDigit(street.charAt(0))
                        && Character.isLetter(street.charAt(street.length() - 1));
        boolean named =
                ordinal
                        || Words.capitalised(street)
                                && Words.in(
                                        "streets", Words.after(text, next + 1 + street.length()));
        return name.isEmpty() || !house || !named ? null : Reading.of(name, next);
    }
}
