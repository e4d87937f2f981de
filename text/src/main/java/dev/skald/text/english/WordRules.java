package dev.skald.text.english;

import dev.skald.text.words.Abbreviations;
import dev.skald.text.words.CalendarNames;
import dev.skald.text.words.Currencies;
import dev.skald.text.words.Reading;
import dev.skald.text.words.Words;
import org.jspecify.annotations.Nullable;

/** What begins with a letter: addresses, dates by name, abbreviations, initials, numerals. */
final class WordRules {
    private WordRules() {}

    /** The reading of what begins at {@code i}; null if it stays as it is. */
    static @Nullable Reading read(String text, int i) {
        int end = letters(text, i);
        char next = Words.at(text, end);
        char c = text.charAt(i);
        if (".@:-_/".indexOf(next) >= 0 || Character.isDigit(next)) {
            Reading address = WebAddresses.read(text, i);
            if (address != null) {
                return address;
            }
        }
        if (". -–,".indexOf(next) >= 0 && end - i > 2 && Words.edge(text, i - 1)) {
            boolean calendar = CalendarNames.named(text.substring(i, end));
            if (calendar && (Character.isUpperCase(c) || digitNear(text, end))) {
                Reading date = Rule.first(DateRules.WORDY, text, i);
                if (date != null) {
                    return date;
                }
            }
        }
        if (Character.isDigit(next)
                && end - i < 4
                && !Words.in("versioned", text.substring(i, end))) {
            Reading money = money(text, i, end);
            if (money != null) {
                return money;
            }
        }
        if (Character.isDigit(next)
                || (next == '-' && Character.isDigit(Words.at(text, end + 1)))
                || (c == 'v' || c == 'V') && ". ".indexOf(next) >= 0) {
            Reading code = Rule.first(CodeRules.WORDY, text, i);
            if (code != null) {
                return code;
            }
        }
        if ((next == '–' || next == '-') && end == i + 1) {
            Reading letters = letterRange(text, i);
            if (letters != null) {
                return letters;
            }
        }
        if (Character.isUpperCase(c) && (next == '.' || next == ' ') && digitNear(text, end)) {
            Reading verse = Verses.at(text, i);
            if (verse != null) {
                return verse;
            }
        }
        if (Character.isUpperCase(c) && end - i < 6) {
            Reading place = place(text, i, end);
            if (place != null) {
                return place;
            }
        }
        Reading money = money(text, i, end);
        if (money != null) {
            return money;
        }
        Reading abbreviation = ShortForms.read(text, i, end);
        if (abbreviation != null) {
            return abbreviation;
        }
        if (end == i + 1 && (c == 'F' || c == 'C') && Words.before(text, i).startsWith("degree")) {
            return Reading.of(c == 'F' ? "Fahrenheit" : "Celsius", end);
        }
        Reading function = function(text, i, end);
        if (function != null) {
            return function;
        }
        Reading roman = RomanNumerals.read(text, i, end);
        if (roman != null) {
            return roman;
        }
        if (next == '&' && Character.isUpperCase(c)) {
            return ampersand(text, i, end);
        }
        return greek(text, i, end);
    }

    /** "sin(x)", "sin 30°", "ln(2)". */
    private static @Nullable Reading function(String text, int i, int end) {
        boolean bracket = Words.at(text, end) == '(';
        boolean angle = Words.at(text, end) == ' ' && Character.isDigit(Words.at(text, end + 1));
        if (!bracket && !angle || end - i > 3 || !Words.edge(text, i - 1)) {
            return null;
        }
        String name =
                switch (text.substring(i, end)) {
                    case "sin" -> "sine of ";
                    case "cos" -> "cosine of ";
                    case "tan" -> "tangent of ";
                    case "log" -> bracket ? "log of " : "";
                    case "ln" -> bracket ? "natural log of " : "";
                    default -> "";
                };
        return name.isEmpty() ? null : Reading.of(name, end);
    }

    private static boolean digitNear(String text, int end) {
        for (int k = end; k < Math.min(text.length(), end + 8); k++) {
            if (Character.isDigit(text.charAt(k))) {
                return true;
            }
        }
        return false;
    }

    /** A state behind a comma, a point of the compass in a street, "it" and "us" in capitals. */
    private static @Nullable Reading place(String text, int i, int end) {
        Reading state = Places.state(text, i, end);
        if (state != null) {
            return state;
        }
        Reading direction = Places.direction(text, i);
        return direction != null ? direction : Capitals.read(text, i, end);
    }

    /** Where a word that no rule reads ends: its letters, marks and inner apostrophes. */
    static int end(String text, int i) {
        int end = i;
        while (end < text.length()) {
            int c = text.codePointAt(end);
            boolean inner = c == '\'' && end > i && Character.isLetter(Words.at(text, end + 1));
            if (!letterOrMark(c) && !inner) {
                break;
            }
            end += Character.charCount(c);
        }
        return end;
    }

    static boolean letterOrMark(int c) {
        return Character.isLetter(c)
                || switch (Character.getType(c)) {
                    case Character.NON_SPACING_MARK,
                            Character.COMBINING_SPACING_MARK,
                            Character.ENCLOSING_MARK ->
                            true;
                    default -> false;
                };
    }

    /** Where the letters that begin at {@code i} end. */
    static int letters(String text, int i) {
        int end = i;
        while (end < text.length() && Character.isLetter(text.charAt(end))) {
            end++;
        }
        return Math.max(end, i + 1);
    }

    private static @Nullable Reading money(String text, int i, int end) {
        char next = Words.at(text, end);
        boolean symbol = end - i <= 3 && Currencies.symbol(next);
        boolean code = end - i <= 3 && (next == ' ' || next == '.' || Character.isDigit(next));
        if (Words.at(text, i - 1) == '/'
                || (!symbol && !(code && Character.isUpperCase(text.charAt(i))))) {
            return null;
        }
        Currencies.Currency currency = Currencies.at(text, i);
        return currency == null || currency.end() <= i + (symbol ? end - i : 1)
                ? null
                : NumberRules.money(text, currency);
    }

    /** "AT&T": letter by letter, because "AT" alone would be a word. */
    private static @Nullable Reading ampersand(String text, int i, int end) {
        if (!Character.isUpperCase(Words.at(text, end + 1))) {
            return null;
        }
        int last = letters(text, end + 1);
        // "M&Ms"
        int capital = text.charAt(last - 1) == 's' && last - end > 2 ? last - 1 : last;
        boolean capitals = text.substring(i, capital).chars().noneMatch(Character::isLowerCase);
        if (!capitals || end - i > 2 || last - end > 3) {
            return null;
        }
        String left = String.join(" ", text.substring(i, end).split(""));
        String right = String.join(" ", text.substring(end + 1, capital).split(""));
        boolean title = Abbreviations.find(text.substring(end + 1, last)) != null;
        String plural = capital == last ? "" : title ? "'s" : "s";
        return Reading.of(
                left + " and " + right.replace(" ", plural.isEmpty() ? " " : "") + plural, last);
    }

    /** "A–Z". */
    private static @Nullable Reading letterRange(String text, int i) {
        char last = Words.at(text, i + 2);
        boolean letters =
                Character.isLetter(last)
                        && Words.edge(text, i + 3)
                        && Words.at(text, i + 3) != '-'
                        && last > text.charAt(i);
        boolean range = text.charAt(i + 1) == '–' || last == 'z' || last == 'Z';
        return letters && range ? Reading.of(text.charAt(i) + " to " + last, i + 3) : null;
    }

    /** A Greek letter by itself is a sign. */
    private static @Nullable Reading greek(String text, int i, int end) {
        char c = text.charAt(i);
        boolean sign = c >= 'Α' && c <= 'ω' && c != 'μ';
        // "Δx"
        boolean factor = end == i + 2 && text.charAt(i + 1) < 0x80;
        return (end == i + 1 && c >= 'Α' && c <= 'ω') || sign && factor
                ? SymbolRules.table(text, i)
                : null;
    }
}
