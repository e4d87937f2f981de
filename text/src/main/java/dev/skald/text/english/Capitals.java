package dev.skald.text.english;

import dev.skald.text.words.Reading;
import dev.skald.text.words.Words;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** "IT" and "US" in a run of capitals: words there, letters elsewhere. */
final class Capitals {
    /** In so many words in capitals one is shouted, not abbreviated. */
    private static final int SHOUTED = 3;

    private Capitals() {}

    static @Nullable Reading read(String text, int i, int end) {
        String word = text.substring(i, end);
        boolean us = word.equals("US");
        if (!us && !word.equals("IT")
                || Words.at(text, end) == '.'
                        && Words.edge(text, end + 1)
                        && us
                        && Words.at(text, end + 1) != ' '
                        && end + 1 < text.length()) {
            return null;
        }
        String before = Words.before(text, i);
        String after = Words.at(text, end) == ' ' ? Words.after(text, end) : "";
        int run = 1 + capitals(text, i, -1) + capitals(text, end, 1);
        if (run < SHOUTED && (run < 2 || hasSmall(text))) {
            return null;
        }
        boolean named =
                us
                        ? before.isEmpty() || Words.in("before-country", before)
                        : Words.in("before-department", before) || Words.in("departments", after);
        return named ? null : Reading.of(word.toLowerCase(Locale.ROOT), end);
    }

    /** How many words in capitals stand next to {@code i}, up to {@link #SHOUTED}. */
    private static int capitals(String text, int i, int step) {
        int count = 0;
        int at = i;
        while (count < SHOUTED) {
            String word = step < 0 ? Words.before(text, at) : Words.after(text, at);
            if (word.isEmpty() || !upper(word)) {
                break;
            }
            count++;
            at += step * (word.length() + (Words.at(text, step < 0 ? at - 1 : at) == ' ' ? 1 : 0));
        }
        return count;
    }

    private static boolean upper(String word) {
        boolean letter = false;
        for (int i = 0; i < word.length(); i++) {
            if (Character.isLowerCase(word.charAt(i))) {
                return false;
            }
            letter |= Character.isUpperCase(word.charAt(i));
        }
        return letter;
    }

    private static boolean hasSmall(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isLowerCase(text.charAt(i))) {
                return true;
            }
        }
        return false;
    }
}
