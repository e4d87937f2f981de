package dev.skald.text.english;

import dev.skald.text.words.Abbreviations;
import dev.skald.text.words.CalendarNames;
import dev.skald.text.words.Reading;
import dev.skald.text.words.Roman;
import dev.skald.text.words.Words;
import org.jspecify.annotations.Nullable;

/** Abbreviations, titles and initials, also glued to the word behind them. */
final class ShortForms {
    private ShortForms() {}

    /** The reading of the short form whose first letters end at {@code wordEnd}; null if none. */
    static @Nullable Reading read(String text, int i, int wordEnd) {
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
            char follows = Words.at(text, Words.at(text, end) == ' ' ? end + 1 : end);
            Abbreviations.Entry entry = Abbreviations.find(dot ? word : word + ".", follows);
            if (entry != null) {
                return counts(entry, text, i, end)
                        ? said(cased(entry.reading(), text, i), text, end)
                        : null;
            }
            Reading first = firstOf(text, i, wordEnd, end);
            if (first != null) {
                return first;
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
        if (word.equalsIgnoreCase("st")) {
            String before = Abbreviations.nameBefore(text, i);
            boolean ordinal = before.length() > 2 && Character.isDigit(before.charAt(0));
            if (word.equals("st") && !ordinal) {
                return null; // "12 S 1st st"
            }
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
        if (wordEnd == i + 2 && text.startsWith("St", i)) {
            return Character.isLowerCase(Words.at(text, wordEnd + 2))
                    ? Reading.of("Saint", wordEnd + 1)
                    : null;
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
        int last = WordRules.letters(text, Math.min(at, text.length() - 1));
        boolean name =
                Character.isUpperCase(Words.at(text, at))
                        && last - at > 2
                        && Character.isLowerCase(Words.at(text, at + 1))
                        && Words.at(text, last) != '.';
        String joined = letters.toString().replace(" ", "");
        return name
                ? Reading.of(Words.in("acronyms", joined) ? joined : letters.toString(), at)
                : null;
    }

    /** "e.g.this", "U.S.A.is": the abbreviation up to its last dot, and a word glued to it. */
    private static @Nullable Reading firstOf(String text, int i, int wordEnd, int end) {
        int dot = text.lastIndexOf('.', end - 2);
        if (dot <= wordEnd || end - dot <= 3 && text.charAt(end - 1) == '.') {
            return null;
        }
        String word = text.substring(i, dot + 1);
        Abbreviations.Entry entry = Abbreviations.find(word);
        if (entry != null) {
            return Reading.of(cased(entry.reading(), text, i), dot + 1);
        }
        StringBuilder letters = new StringBuilder();
        for (int k = i; k < dot; k += 2) {
            if (!Character.isUpperCase(text.charAt(k)) || text.charAt(k + 1) != '.') {
                return null;
            }
            letters.append(text.charAt(k));
        }
        return Character.isLowerCase(text.charAt(dot + 1)) && letters.length() > 1
                ? Reading.of(letters.toString(), dot + 1)
                : null;
    }

    /** Where letters with dots between them end, the last dot included. */
    private static int dotted(String text, int i, int wordEnd) {
        int end = wordEnd;
        while (Words.at(text, end) == '.'
                && Character.isLetter(Words.at(text, end + 1))
                && end - i < 12) {
            end = WordRules.letters(text, end + 1);
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
            case PLAIN ->
                    Words.edge(text, end)
                            && Words.at(text, i - 1) != '/'
                            && !Words.in("address-signs", Words.before(text, i));
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
}
