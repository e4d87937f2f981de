package dev.skald.text.english;

import dev.skald.text.words.NumberWords;
import dev.skald.text.words.Reading;
import dev.skald.text.words.Words;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Feet and inches, degrees and minutes. */
final class Lengths {
    private Lengths() {}

    /** Compiled when the first of them comes. */
    private static final class Patterns {
        private static final Pattern FEET =
                Pattern.compile(
                        "(\\d{1,3})'(?: ?(\\d{1,2}(?:\\.\\d+)?)(?:\"|''|(?![\\w'])))|(\\d{1,4})'(?= ?(?:x|by|tall|wide|long|deep|high)(?![A-Za-z])|[-–]\\d{1,4}'(?!\\d))|(?<=(?:\\bx|\\bby|\\d'[-–]) ?)(\\d{1,4})'(?![\\w'])");
        private static final Pattern ANGLE =
                Pattern.compile(
                        "(\\d{1,3})° ?(\\d{1,2}(?:\\.\\d+)?)'(?: ?(\\d{1,2}(?:\\.\\d+)?)(?:\"|''))?(?: ?([NSEW])(?![A-Za-z]))?");
        private static final Pattern HEIGHT =
                Pattern.compile(
                        "([3-8])(?:ft|FT|foot|feet)\\.? ?(\\d|1[01])(?: ?(?:in|ins|inch|inches)\\b\\.?|\"|(?![\\w.]))");
        private static final Pattern INCHES = Pattern.compile("\"(?![\\w\"])");
    }

    /** The measure that begins at {@code i}; null if none does. */
    static @Nullable Reading read(String text, int i) {
        int near = Math.min(text.length(), i + 12);
        char second = Words.at(text, i + 1);
        if ((second == 'f' || second == 'F') && Words.edge(text, i - 1)) {
            Matcher m = NumberRules.matcher(Patterns.HEIGHT, text, i);
            if (m.lookingAt()) {
                boolean one = m.group(2).equals("1");
                String inches = NumberWords.cardinal(m.group(2));
                // "six feet two" unless inches are written too.
                boolean named = !Character.isDigit(text.charAt(m.end() - 1));
                String unit = !named ? "" : one ? " inch" : " inches";
                return Reading.number(
                        NumberWords.cardinal(m.group(1)) + " feet " + inches + unit, m.end());
            }
        }
        if (text.indexOf('\'', i, near) < 0) {
            return null;
        }
        Matcher m = NumberRules.matcher(Patterns.FEET, text, i);
        if (m.lookingAt()) {
            String whole = m.group(3) != null ? m.group(3) : m.group(4);
            if (whole != null) {
                return Reading.number(NumberWords.cardinal(whole) + " feet", m.end());
            }
            String feet =
                    NumberWords.cardinal(m.group(1))
                            + (m.group(1).equals("1") ? " foot " : " feet ");
            if (m.group(2).equals("0")) {
                return Reading.number(feet.strip(), m.end());
            }
            String inches =
                    NumberWords.decimal(m.group(2))
                            + (m.group(2).equals("1") ? " inch" : " inches");
            return Reading.number(feet + inches, m.end());
        }
        m = NumberRules.matcher(Patterns.ANGLE, text, i);
        if (!m.lookingAt()) {
            return null;
        }
        String words =
                NumberWords.cardinal(m.group(1))
                        + " degrees "
                        + NumberWords.decimal(m.group(2))
                        + " minutes";
        if (m.group(3) != null) {
            words += " " + NumberWords.decimal(m.group(3)) + " seconds";
        }
        if (m.group(4) != null) {
            words +=
                    switch (m.group(4)) {
                        case "N" -> " north";
                        case "S" -> " south";
                        case "E" -> " east";
                        default -> " west";
                    };
        }
        return Reading.number(words, m.end());
    }

    /** The end of a sign for inches at {@code i}, which closes no quotation; -1 if it is none. */
    static int inches(String text, int number, int i) {
        if (!evenQuotes(text, number)) {
            return -1;
        }
        Matcher inches = NumberRules.matcher(Patterns.INCHES, text, i);
        return inches.lookingAt() ? inches.end() : -1;
    }

    private static boolean evenQuotes(String text, int i) {
        int quotes = 0;
        for (int k = Math.max(0, i - 500); k < i; k++) {
            boolean inches = Character.isDigit(Words.at(text, k - 1));
            quotes += text.charAt(k) == '"' && !inches ? 1 : 0;
        }
        return quotes % 2 == 0;
    }
}
