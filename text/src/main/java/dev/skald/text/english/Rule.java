package dev.skald.text.english;

import dev.skald.text.words.Abbreviations;
import dev.skald.text.words.Reading;
import dev.skald.text.words.Words;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A pattern and how what it matches is read. Compiled on first use; safe for many threads. */
final class Rule {
    /** Patterns see no further, so that their time is bounded whatever the text. */
    private static final int WINDOW = 160;

    /** How far the character a pattern needs is looked for. */
    private static final int NEAR = 32;

    /** Reads a match; null if it is none after all. */
    interface Reader {
        @Nullable String read(Hit hit);
    }

    private final String needs;
    private final String regex;
    private final Reader reader;
    private volatile @Nullable Pattern pattern;

    /**
     * @param needs characters one of which must be near for the pattern to match; empty if none
     * @param regex what is matched at the place itself, with named groups
     */
    Rule(String needs, String regex, Reader reader) {
        this.needs = needs;
        this.regex = regex;
        this.reader = reader;
    }

    /** The reading of the first rule that matches at {@code i}. */
    static @Nullable Reading first(List<Rule> rules, String text, int i) {
        for (Rule rule : rules) {
            Reading reading = rule.at(text, i);
            if (reading != null) {
                return reading;
            }
        }
        return null;
    }

    private @Nullable Reading at(String text, int i) {
        if (!needed(text, i)) {
            return null;
        }
        Matcher matcher = matcher(text, i);
        if (!matcher.lookingAt()) {
            return null;
        }
        String words = reader.read(new Hit(text, matcher));
        return words == null ? null : Reading.number(words, matcher.end());
    }

    private boolean needed(String text, int i) {
        int end = Math.min(text.length(), i + NEAR);
        for (int k = 0; k < needs.length(); k++) {
            if (text.indexOf(needs.charAt(k), i, end) >= 0) {
                return true;
            }
        }
        return needs.isEmpty();
    }

    private Matcher matcher(String text, int i) {
        Pattern compiled = pattern;
        if (compiled == null) {
            compiled = Pattern.compile(regex);
            pattern = compiled;
        }
        return compiled.matcher(text)
                .region(i, Math.min(text.length(), i + WINDOW))
                .useTransparentBounds(true)
                .useAnchoringBounds(false);
    }

    /**
     * A match.
     *
     * @param text all of the text
     * @param match where in it
     */
    record Hit(String text, Matcher match) {
        /** What a named group holds; empty if it took no part. */
        String group(String name) {
            String group = match.group(name);
            return group == null ? "" : group;
        }

        boolean has(String name) {
            return match.group(name) != null;
        }

        String all() {
            return match.group();
        }

        int value(String name) {
            return Integer.parseInt(match.group(name));
        }

        /** The word before. */
        String before() {
            return Words.before(text, match.start());
        }

        /** The word after. */
        String after() {
            return Words.after(text, match.end());
        }

        char previous() {
            return Words.at(text, match.start() - 1);
        }

        char next() {
            return Words.at(text, match.end());
        }

        /** A full stop if the one just matched also ends the sentence. */
        String stop() {
            return match.group().endsWith(".") && Abbreviations.endsSentence(text, match.end() - 1)
                    ? "."
                    : "";
        }
    }
}
