package dev.skald.text.english;

import dev.skald.text.words.NumberWords;
import dev.skald.text.words.Words;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Times of day and ratios. */
final class TimeRules {
    private static final String HALF_OF_DAY = "(?:\\.\\s?[Mm]\\.?|[Mm](?![A-Za-z])\\.?)";

    static final List<Rule> NUMERIC =
            List.of(
                    new Rule(
                            "h",
                            "(?:(?<d>\\d{1,3}) ?d(?:ays?)?,? ?)?(?<h>\\d{1,3}) ?h(?:rs?|ours?)?,? ?(?:(?<m>[0-5]?\\d) ?m(?:ins?)?(?![A-Za-z]))?(?:(?:,? ?)(?<s>[0-5]?\\d(?:\\.\\d+)?) ?s(?:ecs?)?(?![A-Za-z]))?(?!\\w)",
                            TimeRules::duration),
                    new Rule(
                            "m",
                            "(?<m>\\d{1,3}) ?m(?:ins?)?,? ?(?<s>[0-5]?\\d(?:\\.\\d+)?) ?s(?:ecs?)?(?!\\w)",
                            hit -> amounts(hit, "", "", hit.group("m"), hit.group("s"))),
                    new Rule(
                            "-–",
                            "(?<h>\\d{1,2})(?::(?<m>[0-5]\\d))?\\s?[-–]\\s?(?<h2>\\d{1,2})(?::(?<m2>[0-5]\\d))?\\s?(?<p>[AaPp])"
                                    + HALF_OF_DAY,
                            TimeRules::halfDayRange),
                    new Rule(
                            "AaPp",
                            "(?<h>\\d{1,2})(?:[:.](?<m>[0-5]\\d)(?::(?<s>[0-5]\\d))?)?\\s?(?<p>[AaPp])"
                                    + HALF_OF_DAY,
                            TimeRules::halfDay),
                    new Rule(
                            ":",
                            "(?<h>\\d{1,2}):(?<m>[0-5]\\d)(?::(?<s>[0-5]\\d))?(?:\\.(?<f>\\d{1,9}))?(?: (?<zs>[+-])(?<zh>\\d\\d):?(?<zm>\\d\\d))?(?![\\d:])(?![.,]\\d)",
                            TimeRules::day),
                    new Rule(
                            "h",
                            "(?<h>[01]?\\d|2[0-3])h(?<m>[0-5]\\d)(?![\\w])",
                            hit -> clock(hit.group("h"), hit.group("m"), "")),
                    new Rule(
                            "h",
                            "0(?<h>\\d)(?<m>[0-5]\\d) (?:hours|hrs)(?!\\w)",
                            hit ->
                                    "zero "
                                            + NumberWords.cardinal(hit.group("h"))
                                            + (hit.group("m").equals("00")
                                                    ? " hundred hours"
                                                    : " "
                                                            + NumberWords.cardinal(hit.group("m"))
                                                            + " hours")),
                    new Rule(
                            ":",
                            "(?<a>\\d{1,9}(?:,\\d{3})*(?:\\.\\d+)?)\\s?:\\s?(?<b>\\d{1,9}(?:,\\d{3})*(?:\\.\\d+)?)(?:\\s?:\\s?(?<c>\\d{1,3}))?(?![\\w:])",
                            TimeRules::ratio));

    private TimeRules() {}

    private static String ratio(Rule.Hit hit) {
        String words =
                NumberWords.decimal(hit.group("a"))
                        + (Words.in("verses", hit.before()) ? " " : " to ")
                        + NumberWords.decimal(hit.group("b"));
        return hit.has("c") ? words + " to " + NumberWords.cardinal(hit.group("c")) : words;
    }

    /** "1h 30m"; a lone "1h" is a unit like others. */
    private static @Nullable String duration(Rule.Hit hit) {
        return hit.has("m") || hit.has("s") || hit.has("d")
                ? amounts(hit, hit.group("d"), hit.group("h"), hit.group("m"), hit.group("s"))
                : null;
    }

    private static String amounts(Rule.Hit hit, String d, String h, String m, String s) {
        boolean describes = Money.describes(hit.text(), hit.match().start(), hit.match().end());
        StringBuilder out = new StringBuilder();
        amount(out, d, "day", describes);
        amount(out, h, "hour", describes);
        amount(out, m, "minute", describes);
        amount(out, s, "second", describes);
        return out.toString();
    }

    private static void amount(StringBuilder out, String number, String unit, boolean describes) {
        if (!number.isEmpty()) {
            boolean one = describes || number.equals("1") || number.equals("01");
            out.append(out.isEmpty() ? "" : " ");
            out.append(NumberWords.decimal(number)).append(' ').append(unit).append(one ? "" : "s");
        }
    }

    /** A time of the 24-hour clock, seconds empty if there are none. */
    static String clock(String hours, String minutes, String seconds) {
        int hour = Integer.parseInt(hours);
        int minute = Integer.parseInt(minutes);
        boolean exact = minute == 0 && (seconds.isEmpty() || Integer.parseInt(seconds) == 0);
        if (exact && hour == 0) {
            return "midnight";
        }
        String words = NumberWords.cardinal(hours);
        if (exact) {
            return words + (hour <= 12 ? " o'clock" : " hundred");
        }
        words += minute == 0 ? " hundred" : " " + NumberWords.pair(minutes);
        return words + seconds(seconds);
    }

    private static String seconds(String seconds) {
        if (seconds.isEmpty() || Integer.parseInt(seconds) == 0) {
            return "";
        }
        String unit = Integer.parseInt(seconds) == 1 ? " second" : " seconds";
        return " and " + NumberWords.cardinal(seconds) + unit;
    }

    private static @Nullable String day(Rule.Hit hit) {
        int hour = hit.value("h");
        if (hour == 0 && hit.has("s") && !hit.has("f")) {
            String unit = hit.value("m") == 1 ? " minute" : " minutes";
            return NumberWords.cardinal(hit.group("m")) + unit + seconds(hit.group("s"));
        }
        boolean named =
                switch (hit.after()) {
                    case "noon", "midnight", "o'clock" -> true;
                    default -> false;
                };
        if (named && hit.value("m") == 0) {
            return NumberWords.cardinal(hit.group("h"));
        }
        return hit.has("f")
                ? stopwatch(hit)
                : clock(hit.group("h"), hit.group("m"), hit.group("s")) + zone(hit);
    }

    /** "1:23.45", "1:02:03.4": the time of a race. */
    private static String stopwatch(Rule.Hit hit) {
        String words = NumberWords.cardinal(hit.group("h")) + " " + paired(hit.group("m"));
        if (hit.has("s")) {
            words += " " + paired(hit.group("s"));
        }
        return words + " point " + NumberWords.spelled(hit.group("f"));
    }

    private static String paired(String digits) {
        return digits.equals("00") ? "oh oh" : NumberWords.pair(digits);
    }

    /** " UTC plus two" for an offset in the groups zs, zh and zm; empty without one. */
    static String zone(Rule.Hit hit) {
        if (!hit.has("zs")) {
            return "";
        }
        int hours = hit.value("zh");
        int minutes = hit.value("zm");
        if (hours == 0 && minutes == 0) {
            return " UTC";
        }
        String sign = hit.group("zs").equals("-") ? " minus " : " plus ";
        String rest = minutes == 0 ? "" : " " + NumberWords.cardinal(hit.group("zm"));
        return " UTC" + sign + NumberWords.cardinal(hit.group("zh")) + rest;
    }

    private static @Nullable String halfDay(Rule.Hit hit) {
        if (hit.value("h") > 24) {
            return null;
        }
        return shortClock(hit.group("h"), hit.group("m"))
                + seconds(hit.group("s"))
                + half(hit)
                + hit.stop();
    }

    private static @Nullable String halfDayRange(Rule.Hit hit) {
        if (hit.value("h") > 24 || hit.value("h2") > 24) {
            return null;
        }
        return shortClock(hit.group("h"), hit.group("m"))
                + " to "
                + shortClock(hit.group("h2"), hit.group("m2"))
                + half(hit)
                + hit.stop();
    }

    private static String half(Rule.Hit hit) {
        return hit.group("p").equalsIgnoreCase("a") ? " AM" : " PM";
    }

    private static String shortClock(String hours, String minutes) {
        String words = NumberWords.cardinal(hours);
        return minutes.isEmpty() || minutes.equals("00")
                ? words
                : words + " " + NumberWords.pair(minutes);
    }
}
