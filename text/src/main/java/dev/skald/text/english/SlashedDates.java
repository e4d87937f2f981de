package dev.skald.text.english;

import dev.skald.text.words.CalendarNames;
import dev.skald.text.words.Words;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Whether a pair such as 4/1 is a day of a month or a fraction. */
final class SlashedDates {
    private static final String JOIN =
            "(?: (?:and|or|to|through|thru|until|till) |, (?:and |or )?| ?[-–&] ?)";

    /** The pair before, in a list or range of pairs. */
    private static final Pattern BEFORE =
            Pattern.compile("(?<![\\w/])(\\d{1,2})/(\\d{1,2})" + JOIN + "$");

    private static final Pattern AFTER =
            Pattern.compile(JOIN + "(1[0-2]|0?[1-9])/(\\d{1,2})(?![\\w/])");

    private static final int MOST_PAIRS = 5;

    private SlashedDates() {}

    /** No one divides something into so many parts and writes it down. */
    static boolean noFraction(int day) {
        return switch (day) {
            case 16, 20, 24, 25 -> false;
            default -> day > 12 && day <= 31;
        };
    }

    /**
     * Whether the words before the pair at {@code i}, or before its list, say that it is a date.
     */
    static boolean told(String text, int i, int month, int day) {
        int start = i;
        boolean fraction = month < day && commonDenominator(day);
        for (int n = 0; n < MOST_PAIRS; n++) {
            String before = text.substring(Math.max(0, start - 20), start);
            Matcher pair = BEFORE.matcher(before);
            if (!pair.find()) {
                break;
            }
            int other = Integer.parseInt(pair.group(2));
            int of = Integer.parseInt(pair.group(1));
            if (of <= 12 && (noFraction(other) || of == month && later(other, day))) {
                return true;
            }
            start -= before.length() - pair.start();
        }
        int comma =
                Words.at(text, start - 1) == ' ' && Words.at(text, start - 2) == ','
                        ? start - 2
                        : start;
        String word = Words.before(text, comma);
        String named = word.equals("of") ? Words.before(text, comma - word.length() - 1) : "";
        return CalendarNames.weekdayNamed(word)
                || Words.in("days-of", named)
                || comma == start
                        && (Words.in("dates", word) || !fraction && Words.in("spans", word));
    }

    /** Whether the pair that ends at {@code end} begins a range or list of dates. */
    static boolean goesOn(String text, int end, int month, int day) {
        Matcher next = AFTER.matcher(text).region(end, Math.min(text.length(), end + 20));
        if (!next.lookingAt()) {
            return false;
        }
        int other = Integer.parseInt(next.group(2));
        return noFraction(other) || month == Integer.parseInt(next.group(1)) && later(day, other);
    }

    /** "3/5-3/9": days of one month; "1/4 to 1/8" are parts of something. */
    static boolean later(int day, int other) {
        boolean halved = Integer.bitCount(day) == 1 && Integer.bitCount(other) == 1;
        return other > day && !halved;
    }

    private static boolean commonDenominator(int parts) {
        return switch (parts) {
            case 2, 3, 4, 5, 6, 8, 10, 12, 16 -> true;
            default -> false;
        };
    }
}
