package dev.skald.text.words;

import java.util.List;

/** The names of months and weekdays, whole or cut short. */
public final class CalendarNames {
    private static final String[] MONTHS = {
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December"
    };

    private static final String[] WEEKDAYS = {
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"
    };

    private CalendarNames() {}

    /** Whether a word is a name or its usual short form, in any letter case. */
    public static boolean named(String word) {
        return begins(word) && (known(word, MONTHS, 4) || known(word, WEEKDAYS, 5));
    }

    /** Whether the first three letters are a name's: most words are told apart by them alone. */
    private static boolean begins(String word) {
        if (word.length() < 3) {
            return false;
        }
        int letters =
                (word.charAt(0) | 32) << 16 | (word.charAt(1) | 32) << 8 | word.charAt(2) | 32;
        return switch (letters) {
            case 'j' << 16 | 'a' << 8 | 'n',
                    'f' << 16 | 'e' << 8 | 'b',
                    'm' << 16 | 'a' << 8 | 'r',
                    'a' << 16 | 'p' << 8 | 'r',
                    'm' << 16 | 'a' << 8 | 'y',
                    'j' << 16 | 'u' << 8 | 'n',
                    'j' << 16 | 'u' << 8 | 'l',
                    'a' << 16 | 'u' << 8 | 'g',
                    's' << 16 | 'e' << 8 | 'p',
                    'o' << 16 | 'c' << 8 | 't',
                    'n' << 16 | 'o' << 8 | 'v',
                    'd' << 16 | 'e' << 8 | 'c',
                    'm' << 16 | 'o' << 8 | 'n',
                    't' << 16 | 'u' << 8 | 'e',
                    'w' << 16 | 'e' << 8 | 'd',
                    't' << 16 | 'h' << 8 | 'u',
                    'f' << 16 | 'r' << 8 | 'i',
                    's' << 16 | 'a' << 8 | 't',
                    's' << 16 | 'u' << 8 | 'n' ->
                    true;
            default -> false;
        };
    }

    /** Whether a word is a weekday or its usual short form. */
    public static boolean weekdayNamed(String word) {
        return Words.capitalised(word) && known(word, WEEKDAYS, 5);
    }

    /** "Sat. and Sun.": whether another day stands beside the one from {@code i} to {@code end}. */
    public static boolean weekdayListed(String text, int i, int end) {
        for (String join : List.of(" and ", " or ", " to ", " & ", ", ")) {
            if (text.startsWith(join, end) && weekdayNamed(Words.after(text, end + join.length()))
                    || text.startsWith(join, i - join.length())
                            && weekdayNamed(dotless(text, i - join.length()))) {
                return true;
            }
        }
        return false;
    }

    /** The word that ends at {@code i}, without its full stop. */
    private static String dotless(String text, int i) {
        return Words.before(text, Words.at(text, i - 1) == '.' ? i - 1 : i);
    }

    /** The month by number, from 1. */
    public static String month(int number) {
        return MONTHS[number - 1];
    }

    public static String month(String word) {
        return full(word, MONTHS);
    }

    public static String weekday(String word) {
        return full(word, WEEKDAYS);
    }

    /** A short form has three letters, or up to {@code longest}: Sept, Thurs. */
    private static boolean known(String word, String[] names, int longest) {
        for (String name : names) {
            if (name.equalsIgnoreCase(word)
                    || (word.length() >= 3
                            && word.length() <= longest
                            && name.regionMatches(true, 0, word, 0, word.length()))) {
                return true;
            }
        }
        return false;
    }

    private static String full(String word, String[] names) {
        for (String name : names) {
            if (name.regionMatches(true, 0, word, 0, 3)) {
                return name;
            }
        }
        return word;
    }
}
