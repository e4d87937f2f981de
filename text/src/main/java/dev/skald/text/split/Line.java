package dev.skald.text.split;

import dev.skald.text.words.Roman;
import dev.skald.text.words.Words;
import java.util.Locale;

/** The line that was just read: whether it is a heading by its looks. */
final class Line {
    /** A heading is no longer than this. */
    private static final int LONGEST = 80;

    private final StringBuilder text = new StringBuilder(LONGEST + 1);

    void clear() {
        text.setLength(0);
    }

    void add(char c) {
        if (text.length() <= LONGEST) {
            text.append(c);
        }
    }

    /** Whether the word that the line ends with has a hyphen already: "mother-in". */
    boolean compound() {
        int start = text.length() - lastWord().length();
        return start > 1
                && text.charAt(start - 1) == '-'
                && Character.isLetter(text.charAt(start - 2));
    }

    /** The letters the line ends with. */
    String lastWord() {
        int start = text.length();
        while (start > 0 && Character.isLetter(text.charAt(start - 1))) {
            start--;
        }
        return text.substring(start);
    }

    /**
     * Whether it is a heading: "CHAPTER ONE" over a line with small letters, "Chapter 3", "The Long
     * Road" over a line that would have had room for more.
     *
     * @param next the line below, or its beginning
     */
    boolean heading(String next) {
        String line = text.toString().strip();
        if (line.isEmpty()
                || line.length() > LONGEST
                || next.isEmpty()
                || !endsOpen(line)
                || !beginsAnew(next)) {
            return false;
        }
        if (numbered(line)) {
            return true;
        }
        if (shouted(line)) {
            return !shouted(next);
        }
        int space = next.indexOf(' ');
        int word = space < 0 ? next.length() : space;
        return line.length() + 1 + word < next.length() && titled(line);
    }

    private static boolean endsOpen(String line) {
        char last = line.charAt(line.length() - 1);
        return Character.isLetterOrDigit(last) || "\"'”’)".indexOf(last) >= 0;
    }

    private static boolean beginsAnew(String next) {
        char first = next.charAt(0);
        return !Character.isLowerCase(first)
                && (Character.isLetterOrDigit(first) || "\"'“‘«¿¡".indexOf(first) >= 0);
    }

    /** "Chapter 3", "PART TWO: The Road", "Prologue". */
    private static boolean numbered(String line) {
        String[] words = line.split("[ :—–-]+", 3);
        String first = words[0].toLowerCase(Locale.ROOT);
        if (Words.in("front-matter", first)) {
            return words.length == 1;
        }
        if (words.length < 2 || !Words.in("headings", first)) {
            return false;
        }
        String number = words[1];
        return Character.isDigit(number.charAt(0))
                || Roman.value(number) > 0
                || Words.in("small-numbers", number.toLowerCase(Locale.ROOT));
    }

    /** No small letter, and capitals enough. */
    private static boolean shouted(String line) {
        int capitals = 0;
        for (int i = 0; i < line.length(); i++) {
            if (Character.isLowerCase(line.charAt(i))) {
                return false;
            }
            capitals += Character.isUpperCase(line.charAt(i)) ? 1 : 0;
        }
        return capitals > 2;
    }

    /** Every word of four letters and more begins with a capital, and so does the first. */
    private static boolean titled(String line) {
        if (!Character.isUpperCase(line.charAt(0))) {
            return false;
        }
        int capitals = 0;
        for (String word : line.split(" ")) {
            if (word.length() > 3 && Character.isLowerCase(word.charAt(0))) {
                return false;
            }
            capitals += !word.isEmpty() && Character.isUpperCase(word.charAt(0)) ? 1 : 0;
        }
        return capitals > 0;
    }
}
