package dev.skald.text.words;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Units of measure after a number, by {@code units-en.tsv}. */
public final class Units {
    private static final int LONGEST = 7;

    private static final class Table {
        private static final Map<String, String[]> ROWS = Resources.table("units-en.tsv");
    }

    /**
     * A unit found.
     *
     * @param one its name for one
     * @param many its name for any other number
     * @param end where it ends
     */
    public record Unit(String one, String many, int end) {}

    private Units() {}

    /** Whether a word is the symbol of a unit. */
    public static boolean known(String word) {
        return Table.ROWS.containsKey(word);
    }

    /** The unit whose symbol begins at {@code at}. */
    public static @Nullable Unit at(String text, int at) {
        return simple(text, at, false, false);
    }

    /** The unit right after a number that ends at {@code from}, over a space or hyphen at most. */
    public static @Nullable Unit after(String text, int from) {
        char c = Words.at(text, from);
        boolean gap = c == ' ' || c == '-';
        Unit unit = simple(text, gap ? from + 1 : from, gap, true);
        if (unit == null) {
            return null;
        }
        unit = perUnits(text, unit);
        int end = unit.end;
        if (Words.at(text, end) == '/' || Words.at(text, end) == '·') {
            boolean per = text.charAt(end) == '/';
            Unit second = simple(text, end + 1, false, false);
            if (second != null) {
                String rest = (per ? " per " : " ") + second.one;
                return new Unit(unit.one + rest, unit.many + rest, second.end);
            }
        }
        if (Words.at(text, end) == '.' && !unit.many.isEmpty() && letterBefore(text, end)) {
            if (!sentenceFollows(text, end)
                    && !(end + 1 < text.length() && !Words.edge(text, end + 1))) {
                return new Unit(unit.one, unit.many, end + 1);
            }
        }
        return unit;
    }

    /** "m s⁻¹": meters per second. */
    private static Unit perUnits(String text, Unit unit) {
        Unit all = unit;
        for (int n = 0; n < 3; n++) {
            char gap = Words.at(text, all.end);
            int at = gap == ' ' || gap == '·' || gap == '.' ? all.end + 1 : all.end;
            Unit second = at < text.length() ? simple(text, at, false, false) : null;
            if (second == null) {
                break;
            }
            if (!text.startsWith("⁻", second.end)) {
                int more = text.indexOf('⁻', second.end, Math.min(text.length(), second.end + 6));
                if (more < 0) {
                    break;
                }
                all = new Unit(all.one + " " + second.one, all.one + " " + second.many, second.end);
                continue;
            }
            String power =
                    switch (Words.at(text, second.end + 1)) {
                        case '¹' -> "";
                        case '²' -> " squared";
                        case '³' -> " cubed";
                        default -> "?";
                    };
            if (power.equals("?")) {
                break;
            }
            String rest = " per " + second.one + power;
            all = new Unit(all.one + rest, all.many + rest, second.end + 2);
        }
        return all;
    }

    private static boolean letterBefore(String text, int end) {
        return Character.isLetter(text.charAt(end - 1));
    }

    /** After an abbreviation's dot: the end, or a capital letter. */
    private static boolean sentenceFollows(String text, int dot) {
        int next = dot + 1;
        while (Abbreviations.closer(Words.at(text, next)) && next < text.length()) {
            next++;
        }
        if (next >= text.length()) {
            return true;
        }
        // "5 FT. TALL" goes on in capitals.
        boolean shouted =
                Character.isUpperCase(text.charAt(dot - 1))
                        && Character.isUpperCase(Words.at(text, next + 2));
        return text.charAt(next) == ' '
                && Character.isUpperCase(Words.at(text, next + 1))
                && !shouted;
    }

    private static @Nullable Unit simple(String text, int at, boolean gap, boolean first) {
        int most = Math.min(LONGEST, text.length() - at);
        for (int n = most; n > 0; n--) {
            String[] row = Table.ROWS.get(text.substring(at, at + n));
            if (row != null && fits(row, text, at + n, gap)) {
                return powered(row, text, at + n, first);
            }
        }
        return null;
    }

    private static boolean fits(String[] row, String text, int end, boolean gap) {
        String flags = row.length > 3 ? row[3] : "";
        if (gap && flags.contains("close")) {
            return false;
        }
        boolean power = flags.contains("power") && exponent(text, end) > 0;
        if (!power && !Words.edge(text, end)) {
            return false;
        }
        if (Words.at(text, end) == '-' && Character.isLetter(Words.at(text, end + 1)) && gap) {
            return row[0].length() > 1 && !flags.contains("final");
        }
        if (Words.at(text, end) == '\'' && Character.isLetter(Words.at(text, end + 1))) {
            return false;
        }
        boolean compound = gap && Words.at(text, end) == '-';
        return !flags.contains("final") || (!compound && !wordFollows(text, end));
    }

    private static boolean wordFollows(String text, int end) {
        String next = Words.at(text, end) == ' ' ? Words.after(text, end) : "";
        return switch (next) {
            case "", "x", "by", "wide", "long", "tall", "deep", "high", "thick", "and", "or" ->
                    false;
            default -> true;
        };
    }

    /** The exponent written at {@code end}: 2, 3 or none. */
    private static int exponent(String text, int end) {
        char c = Words.at(text, end);
        char power = c == '^' ? Words.at(text, end + 1) : c;
        int after = c == '^' ? end + 2 : end + 1;
        if (!Words.edge(text, after)) {
            return 0;
        }
        return switch (power) {
            case '²', '2' -> 2;
            case '³', '3' -> 3;
            default -> 0;
        };
    }

    private static Unit powered(String[] row, String text, int end, boolean first) {
        String flags = row.length > 3 ? row[3] : "";
        boolean length = flags.contains("power");
        int exponent =
                length || Words.at(text, end) == '²' || Words.at(text, end) == '^'
                        ? exponent(text, end)
                        : 0;
        if (exponent == 0) {
            return new Unit(row[1], row[2], end);
        }
        int after = text.charAt(end) == '^' ? end + 2 : end + 1;
        String power = exponent == 2 ? "square" : "cubic";
        if (length) {
            return new Unit(power + " " + row[1], power + " " + row[2], after);
        }
        String powered = exponent == 2 ? " squared" : " cubed";
        return new Unit(row[1] + powered, row[2] + powered, after);
    }
}
