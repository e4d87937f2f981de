package dev.skald.text.english;

import dev.skald.text.words.CalendarNames;
import dev.skald.text.words.NumberWords;
import dev.skald.text.words.Words;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Dates, decades, months and weekdays. */
final class DateRules {
    /** In any letter case, but for those that are words in small letters. */
    private static final String MONTH_WORD =
            "(?:(?i:january|february|april|june|july|august|september|october|november|december"
                    + "|jan|feb|apr|jun|jul|aug|sept|sep|oct|nov|dec)|(?=[A-Z])(?i:march|may|mar)"
                    + "|(?<=(?:st|nd|rd|th|of)[ -])(?:march|may)"
                    + "|(?<=\\b(?:on|by|due|until|till|since|before|after|through|from) )(?:march|may|mar)(?= \\d)"
                    + "|(?:march|may|mar)(?=,? [12]\\d{3}(?!\\d))"
                    + "|(?:march|may|mar)(?=\\.? \\d{1,2}(?:st|nd|rd|th|,? [12]\\d{3})(?!\\d)))(?![A-Za-z])";

    private static final String WEEKDAY_WORD =
            "(?=[A-Z])(?i:monday|tuesday|wednesday|thursday|friday|saturday|sunday"
                    + "|mon|tues|tue|wed|thurs|thur|thu|fri|sat|sun)(?![A-Za-z])";

    private static final String DAY = "(?:0?[1-9]|[12]\\d|3[01])";

    private static final String YEAR = "[12]\\d{3}(?!\\d)(?!,\\d{3})(?!\\.\\d)";

    /** Rules for what begins with a digit or an apostrophe before digits. */
    static final List<Rule> NUMERIC =
            List.of(
                    new Rule(
                            "-/.",
                            "(?<y>[12]\\d{3})(?<s>[-/.])(?<m>0?[1-9]|1[0-2])\\k<s>(?<d>"
                                    + DAY
                                    + ")(?:[T ](?<h>[01]\\d|2[0-3]):(?<min>[0-5]\\d)(?! ?[AaPp]\\.?[Mm])(?::(?<sec>[0-5]\\d)(?:[.,]\\d{1,9})?)?"
                                    + "(?:(?<z>Z)|(?<zs>[+-])(?<zh>\\d\\d):?(?<zm>\\d\\d))?)?(?![\\w])(?![-/.]\\d)",
                            DateRules::iso),
                    new Rule(
                            "/.-",
                            "(?<a>\\d{1,2})(?<s>[/.-])(?<b>\\d{1,2})\\k<s>(?<y>[12]\\d{3}|\\d{2})(?![\\w])(?![-/.]\\d)",
                            DateRules::slashed),
                    new Rule(
                            "/",
                            "(?<m>0?[1-9]|1[0-2])/(?<d>"
                                    + DAY
                                    + ")(?:[-–](?<m2>0?[1-9]|1[0-2])/(?<d2>"
                                    + DAY
                                    + "))?(?![\\w/])(?! of )",
                            DateRules::monthDaySlashed),
                    new Rule(
                            "",
                            "(?<d>"
                                    + DAY
                                    + ")(?:st|nd|rd|th)?(?:\\s?[-–]\\s?(?<d2>"
                                    + DAY
                                    + ")(?:st|nd|rd|th)?)?(?: of)?[ -](?<m>"
                                    + MONTH_WORD
                                    + ")\\.?(?:,?[ -](?<y>"
                                    + YEAR
                                    + "))?(?!\\d)",
                            DateRules::dayMonth),
                    new Rule(
                            "s",
                            "(?<y>(?!1000)[12]\\d{2}0)[' ]?s(?![A-Za-z])",
                            hit -> NumberWords.plural(NumberWords.year(hit.group("y")))),
                    new Rule("s", "'?(?<d>[1-9]0)'?s(?![A-Za-z])", DateRules::decade),
                    new Rule(
                            "'",
                            "'(?<y>\\d\\d)(?![\\w'])",
                            hit -> NumberWords.pair(hit.group("y"))),
                    new Rule(
                            "-",
                            "(?<y>(?:19|20)\\d\\d)-(?<m>0[1-9]|1[0-2])(?![\\w-])",
                            DateRules::yearMonth),
                    new Rule(
                            "/",
                            "(?<m>0[1-9]|1[0-2])/(?<y>(?:19|20)\\d\\d)(?![\\w/])",
                            hit ->
                                    CalendarNames.month(hit.value("m"))
                                            + " "
                                            + NumberWords.year(hit.group("y"))),
                    new Rule(
                            "QH",
                            "(?<n>[1-4])(?<p>[QH])(?<y>(?:20)?\\d\\d)(?!\\w)",
                            DateRules::part));

    /** Rules for what begins with a month or weekday. */
    static final List<Rule> WORDY =
            List.of(
                    new Rule(
                            "",
                            "(?<m>"
                                    + MONTH_WORD
                                    + ")(?:\\.?[ -]|\\.)(?<d>"
                                    + DAY
                                    + ")(?:st|nd|rd|th)?(?:\\s?(?<to>[-–&])\\s?(?<d2>"
                                    + DAY
                                    + ")(?:st|nd|rd|th)?)?(?:,?[ -](?<y>"
                                    + YEAR
                                    + "))?(?![\\d%:/A-Za-z])(?![.,]\\d)",
                            DateRules::monthDay),
                    new Rule(
                            "",
                            "(?<m>" + MONTH_WORD + ")\\.?,?[ -](?:of )?(?<y>" + YEAR + ")(?!\\w)",
                            hit ->
                                    CalendarNames.month(hit.group("m"))
                                            + " "
                                            + NumberWords.year(hit.group("y"))),
                    new Rule(
                            "'",
                            "(?<m>" + MONTH_WORD + ")\\.? '(?<y>\\d\\d)(?!\\w)",
                            hit ->
                                    CalendarNames.month(hit.group("m"))
                                            + " "
                                            + NumberWords.pair(hit.group("y"))),
                    new Rule(
                            "-–",
                            "(?<m>" + MONTH_WORD + ")\\.?\\s?[-–]\\s?(?<n>" + MONTH_WORD + ")\\.?",
                            hit ->
                                    CalendarNames.month(hit.group("m"))
                                            + " to "
                                            + CalendarNames.month(hit.group("n"))
                                            + hit.stop()),
                    new Rule(
                            "-–",
                            "(?<m>"
                                    + WEEKDAY_WORD
                                    + ")\\.?\\s?[-–]\\s?(?<n>"
                                    + WEEKDAY_WORD
                                    + ")\\.?",
                            hit ->
                                    CalendarNames.weekday(hit.group("m"))
                                            + " to "
                                            + CalendarNames.weekday(hit.group("n"))
                                            + hit.stop()),
                    new Rule(
                            "",
                            "(?<m>" + WEEKDAY_WORD + ")\\.?(?=,? (?:\\d|" + MONTH_WORD + "))",
                            DateRules::weekdayBeforeDate),
                    new Rule(
                            "",
                            "(?<m>(?:mon|tues?|wed|thurs?|fri|sat|sun)(?:day)?)\\.?(?=,? (?:\\d{1,2}/\\d|\\d{1,2}(?::\\d\\d)? ?[ap]\\.?m|"
                                    + MONTH_WORD
                                    + " \\d))",
                            DateRules::weekdayBeforeDate));

    private DateRules() {}

    /** "March fifteenth, twenty twenty-four"; without the year if it is empty. */
    static String date(String month, String day, String year) {
        String date = month + " " + NumberWords.ordinal(day);
        return year.isEmpty() ? date : date + ", " + NumberWords.year(year);
    }

    private static String iso(Rule.Hit hit) {
        String date = date(CalendarNames.month(hit.value("m")), hit.group("d"), hit.group("y"));
        if (!hit.has("h")) {
            return date;
        }
        String time = TimeRules.clock(hit.group("h"), hit.group("min"), hit.group("sec"));
        String zone = hit.has("z") ? " UTC" : TimeRules.zone(hit);
        return date + ", " + time + zone;
    }

    private static @Nullable String slashed(Rule.Hit hit) {
        String year = hit.group("y");
        String separator = hit.group("s");
        if (year.length() == 2) {
            if (!separator.equals("/")) {
                return null;
            }
            year = (Integer.parseInt(year) < 50 ? "20" : "19") + year;
        }
        int a = hit.value("a");
        int b = hit.value("b");
        boolean dayFirst = separator.equals(".") ? b <= 12 : a > 12;
        int month = dayFirst ? b : a;
        int day = dayFirst ? a : b;
        if (month < 1 || month > 12 || day < 1 || day > 31) {
            return null;
        }
        return date(CalendarNames.month(month), String.valueOf(day), year);
    }

    /** "on 3/15", "from 4/1 to 4/15"; without such a word it is a fraction. */
    private static @Nullable String monthDaySlashed(Rule.Hit hit) {
        int month = hit.value("m");
        int day = hit.value("d");
        boolean date =
                dayNoFraction(hit)
                        || SlashedDates.told(hit.text(), hit.match().start(), month, day)
                        || SlashedDates.goesOn(hit.text(), hit.match().end(), month, day);
        if (!date) {
            return null;
        }
        String from = date(CalendarNames.month(month), hit.group("d"), "");
        return hit.has("m2")
                ? from + " to " + date(CalendarNames.month(hit.value("m2")), hit.group("d2"), "")
                : from;
    }

    /** 12/31 is a date, 7/16 inch is not. */
    private static boolean dayNoFraction(Rule.Hit hit) {
        if (hit.has("d2")
                && (hit.value("d2") > 12 && hit.value("d2") != 16
                        || hit.value("m") == hit.value("m2")
                                && SlashedDates.later(hit.value("d"), hit.value("d2")))) {
            return true;
        }
        return SlashedDates.noFraction(hit.value("d"));
    }

    private static String dayMonth(Rule.Hit hit) {
        String the = hit.before().equalsIgnoreCase("the") ? "" : "the ";
        String day = the + NumberWords.ordinal(hit.group("d"));
        if (hit.has("d2")) {
            day += " to the " + NumberWords.ordinal(hit.group("d2"));
        }
        String date = day + " of " + CalendarNames.month(hit.group("m"));
        return hit.has("y") ? date + year(hit) : date + hit.stop();
    }

    private static String monthDay(Rule.Hit hit) {
        String date =
                CalendarNames.month(hit.group("m")) + " " + NumberWords.ordinal(hit.group("d"));
        if (hit.has("d2")) {
            date += hit.group("to").equals("&") ? " and " : " to ";
            date += NumberWords.ordinal(hit.group("d2"));
        }
        return hit.has("y") ? date + year(hit) : date;
    }

    /** The year, and a pause before a time. */
    private static String year(Rule.Hit hit) {
        String words = ", " + NumberWords.year(hit.group("y"));
        return hit.next() == ' ' && Character.isDigit(Words.at(hit.text(), hit.match().end() + 1))
                ? words + ","
                : words;
    }

    private static @Nullable String decade(Rule.Hit hit) {
        boolean apostrophe = hit.all().startsWith("'");
        boolean hyphen = hit.previous() == '-';
        return switch (hit.before().toLowerCase(Locale.ROOT)) {
            case "the", "his", "her", "their", "my", "your", "our", "early", "late", "mid" ->
                    NumberWords.plural(NumberWords.cardinal(hit.group("d")));
            case "in" ->
                    // "in 30s" are seconds.
                    apostrophe || hit.value("d") > 60
                            ? NumberWords.plural(NumberWords.cardinal(hit.group("d")))
                            : null;
            default ->
                    apostrophe || hyphen
                            ? NumberWords.plural(NumberWords.cardinal(hit.group("d")))
                            : null;
        };
    }

    private static @Nullable String yearMonth(Rule.Hit hit) {
        int twoDigits = Integer.parseInt(hit.group("y").substring(2));
        boolean season = hit.value("m") == twoDigits + 1;
        return season
                ? null
                : CalendarNames.month(hit.value("m")) + " " + NumberWords.year(hit.group("y"));
    }

    /** "2Q22": the second quarter of a year. */
    private static @Nullable String part(Rule.Hit hit) {
        boolean half = hit.group("p").equals("H");
        if (half && hit.value("n") > 2) {
            return null;
        }
        String year = hit.group("y");
        return (hit.before().equalsIgnoreCase("the") ? "" : "the ")
                + NumberWords.ordinal(hit.group("n"))
                + (half ? " half of " : " quarter of ")
                + (year.length() == 2 ? NumberWords.pair(year) : NumberWords.year(year));
    }

    private static String weekdayBeforeDate(Rule.Hit hit) {
        String day = CalendarNames.weekday(hit.group("m"));
        String next = hit.text().substring(hit.match().end());
        return next.matches("(?s) \\d{1,2}/\\d.*") ? day + "," : day;
    }
}
