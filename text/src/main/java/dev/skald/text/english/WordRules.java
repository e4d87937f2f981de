package dev.skald.text.english;

import dev.skald.text.words.Abbreviations;
import dev.skald.text.words.CalendarNames;
import dev.skald.text.words.Currencies;
import dev.skald.text.words.Reading;
import dev.skald.text.words.Roman;
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
        Reading abbreviation = abbreviation(text, i, end);
        if (abbreviation != null) {
            return abbreviation;
        }
        if (end == i + 1 && (c == 'F' || c == 'C') && Words.before(text, i).startsWith("degree")) {
            return Reading.of(c == 'F' ? "Fahrenheit" : "Celsius", end);
        }
        if (next == '(' && Words.edge(text, i - 1)) {
            String function =
                    switch (text.substring(i, end)) {
                        case "sin" -> "sine of ";
                        case "cos" -> "cosine of ";
                        case "tan" -> "tangent of ";
                        case "log" -> "log of ";
                        case "ln" -> "natural log of ";
                        default -> "";
                    };
            if (!function.isEmpty()) {
                return Reading.of(function, end);
            }
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

    private static boolean digitNear(String text, int end) {
        for (int k = end; k < Math.min(text.length(), end + 4); k++) {
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

    private static int letters(String text, int i) {
        int end = i;
        while (end < text.length() && Character.isLetter(text.charAt(end))) {
            end++;
        }
        return Math.max(end, i + 1);
    }

    private static @Nullable Reading money(String text, int i, int end) {
        char next = Words.at(text, end);
        boolean symbol = end - i <= 2 && Currencies.symbol(next);
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

    private static @Nullable Reading abbreviation(String text, int i, int wordEnd) {
        Reading glued = glued(text, i, wordEnd);
        if (glued != null) {
            return glued;
        }
        int end = dotted(text, i, wordEnd);
        String word = text.substring(i, end);
        boolean dot = word.endsWith(".");
        if (dot || word.indexOf('.') > 0) {
            Reading special = placeOrTitle(text, i, word, end);
            if (special != null) {
                return special;
            }
            Abbreviations.Entry entry = Abbreviations.find(dot ? word : word + ".");
            if (entry != null) {
                return counts(entry, text, i, end)
                        ? said(cased(entry.reading(), text, i), text, end)
                        : null;
            }
            Abbreviations.Entry plain =
                    dot ? Abbreviations.find(word.substring(0, word.length() - 1)) : null;
            return plain != null && plain.kind() == Abbreviations.Kind.PLAIN
                    ? Reading.of(cased(plain.reading(), text, i), end - 1)
                    : initials(text, i, word, end);
        }
        if (Words.at(text, end) == '/' || Words.at(text, end) == ' ') {
            int longer = end;
            while (longer < text.length()
                    && longer - i < 8
                    && (text.charAt(longer) == '/' || Character.isLetter(text.charAt(longer)))) {
                longer++;
            }
            Abbreviations.Entry pair =
                    longer > end ? Abbreviations.find(text.substring(i, longer)) : null;
            if (pair != null && Words.edge(text, longer)) {
                return Reading.of(pair.reading(), longer);
            }
            if (word.equalsIgnoreCase("et") && text.startsWith(" al.", end)) {
                return said("and others", text, end + 4);
            }
        }
        if (word.equals("St")) {
            String before = Abbreviations.nameBefore(text, i);
            boolean ordinal = before.length() > 2 && Character.isDigit(before.charAt(0));
            boolean name =
                    !ordinal
                            && Words.at(text, end) == ' '
                            && Words.capitalised(Words.after(text, end));
            boolean street = ordinal || Words.capitalised(before);
            return name || street ? Reading.of(name ? "Saint" : "Street", end) : null;
        }
        Abbreviations.Entry entry = Abbreviations.find(word);
        return entry != null && counts(entry, text, i, end)
                ? Reading.of(cased(entry.reading(), text, i), end)
                : null;
    }

    /** "J.Smith", "Dr.Hill": initials and titles that nothing parts from the name. */
    private static @Nullable Reading glued(String text, int i, int wordEnd) {
        if (Words.at(text, wordEnd) != '.'
                || !Character.isUpperCase(Words.at(text, wordEnd + 1))
                || !Character.isUpperCase(text.charAt(i))) {
            return null;
        }
        if (wordEnd - i > 1) {
            Abbreviations.Entry entry = Abbreviations.find(text.substring(i, wordEnd + 1));
            boolean title =
                    entry != null
                            && (entry.kind() == Abbreviations.Kind.TITLE
                                    || entry.kind() == Abbreviations.Kind.NAME);
            boolean name = Character.isLowerCase(Words.at(text, wordEnd + 2));
            return title && name && entry != null
                    ? Reading.of(cased(entry.reading(), text, i), wordEnd + 1)
                    : null;
        }
        StringBuilder letters = new StringBuilder();
        int at = i;
        while (Character.isUpperCase(Words.at(text, at)) && Words.at(text, at + 1) == '.') {
            letters.append(letters.isEmpty() ? "" : " ").append(text.charAt(at));
            at += 2;
        }
        int last = letters(text, Math.min(at, text.length() - 1));
        boolean name =
                Character.isUpperCase(Words.at(text, at))
                        && last - at > 2
                        && Character.isLowerCase(Words.at(text, at + 1))
                        && Words.at(text, last) != '.';
        return name ? Reading.of(letters.toString(), at) : null;
    }

    /** Where letters with dots between them end, the last dot included. */
    private static int dotted(String text, int i, int wordEnd) {
        int end = wordEnd;
        while (Words.at(text, end) == '.'
                && Character.isLetter(Words.at(text, end + 1))
                && end - i < 12) {
            end = letters(text, end + 1);
        }
        return Words.at(text, end) == '.' && Words.at(text, end + 1) != '.' ? end + 1 : end;
    }

    /** "St." and "Dr." are a saint and a doctor before a name, a street and a drive after one. */
    private static @Nullable Reading placeOrTitle(String text, int i, String word, int end) {
        boolean street = word.equalsIgnoreCase("st.");
        if (!street && !word.equalsIgnoreCase("dr.")) {
            return null;
        }
        String before = Abbreviations.nameBefore(text, i);
        boolean afterName =
                Words.at(text, i - 1) == ' '
                        && (Words.capitalised(before)
                                || (!before.isEmpty() && Character.isDigit(before.charAt(0))));
        String after = Words.at(text, end) == ' ' ? Words.after(text, end) : "";
        boolean beforeName = Words.capitalised(after) && !Words.in("starters", after);
        boolean numbered = before.length() > 2 && Character.isDigit(before.charAt(0));
        if (beforeName && !numbered && !(afterName && houseNumber(text, i, before))) {
            return Reading.of(street ? "Saint" : cased("doctor", text, i), end);
        }
        if (afterName) {
            return said(street ? "Street" : "Drive", text, end);
        }
        return street ? null : Reading.of(cased("doctor", text, i), end);
    }

    /** "123 Main St. Suite 5": a number before the name. */
    private static boolean houseNumber(String text, int i, String name) {
        String number = Words.before(text, i - 1 - name.length());
        return !number.isEmpty() && Character.isDigit(number.charAt(0));
    }

    private static boolean counts(Abbreviations.Entry entry, String text, int i, int end) {
        String after = Words.at(text, end) == ' ' ? Words.after(text, end) : "";
        char next = Words.at(text, Words.at(text, end) == ' ' ? end + 1 : end);
        return switch (entry.kind()) {
            case NUMBER ->
                    Character.isDigit(next)
                            || next == '#'
                            || entry.reading().endsWith("day")
                                    && (Words.in("parts-of-day", after)
                                            || CalendarNames.weekdayListed(text, i, end))
                            || (text.startsWith(" (", end)
                                    && Character.isDigit(Words.at(text, end + 2)))
                            || ((Roman.afterNumbered(letters(after)) || Abbreviations.code(after))
                                    && text.charAt(end - 1) == '.');
            case TITLE -> !Character.isDigit(next);
            case NAME -> Words.capitalised(after);
            case AFTER -> {
                String before = Abbreviations.nameBefore(text, i);
                yield Words.capitalised(before)
                        || (!before.isEmpty() && Character.isDigit(before.charAt(0)));
            }
            case PLAIN -> Words.edge(text, end);
            default -> true;
        };
    }

    /** The word up to a hyphen. */
    private static String letters(String word) {
        int hyphen = word.indexOf('-');
        return hyphen < 0 ? word : word.substring(0, hyphen);
    }

    /** A reading, and the full stop if the abbreviation also ended the sentence. */
    private static Reading said(String reading, String text, int end) {
        boolean dot = text.charAt(end - 1) == '.';
        boolean stop = dot && Abbreviations.endsSentence(text, end - 1);
        return Reading.of(stop ? reading + "." : reading, end);
    }

    /** A reading with a capital letter where the abbreviation has one. */
    private static String cased(String reading, String text, int i) {
        return Character.isUpperCase(text.charAt(i))
                ? Character.toUpperCase(reading.charAt(0)) + reading.substring(1)
                : reading;
    }

    /** "J. R. R." and "U.S.A.": the letters without their dots. */
    private static @Nullable Reading initials(String text, int i, String word, int end) {
        boolean dot = word.endsWith(".");
        StringBuilder letters = new StringBuilder();
        for (String part : word.split("\\.")) {
            if (part.length() != 1 || !Character.isUpperCase(part.charAt(0))) {
                return null;
            }
            letters.append(part);
        }
        if (letters.length() == 1) {
            if (!dot || Abbreviations.endsSentence(text, end - 1)) {
                return null;
            }
            return Reading.of(word.substring(0, 1), end);
        }
        String after = Words.at(text, end) == ' ' ? Words.after(text, end) : "";
        boolean name = dot && Words.capitalised(after) && !Words.in("starters", after);
        return name && !Words.in("acronyms", letters.toString())
                ? Reading.of(String.join(" ", letters.toString().split("")), end)
                : said(letters.toString(), text, end);
    }

    /** "AT&T": letter by letter, because "AT" alone would be a word. */
    private static @Nullable Reading ampersand(String text, int i, int end) {
        if (!Character.isUpperCase(Words.at(text, end + 1))) {
            return null;
        }
        int last = letters(text, end + 1);
        boolean capitals = text.substring(i, last).chars().noneMatch(Character::isLowerCase);
        if (!capitals || end - i > 2 || last - end > 3) {
            return null;
        }
        String left = String.join(" ", text.substring(i, end).split(""));
        String right = String.join(" ", text.substring(end + 1, last).split(""));
        return Reading.of(left + " and " + right, last);
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
        return end == i + 1 && c >= 'Α' && c <= 'ω' ? SymbolRules.table(text, i) : null;
    }
}
