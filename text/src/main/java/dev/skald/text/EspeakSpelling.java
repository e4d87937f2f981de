package dev.skald.text;

import dev.skald.text.english.Homographs;
import dev.skald.text.origins.Origins;
import dev.skald.text.words.Phonemes;
import dev.skald.text.words.Words;
import org.jspecify.annotations.Nullable;

/**
 * English spelled so that eSpeak NG reads it right: words of two sounds by their place in the
 * sentence, plurals of acronyms, acronyms that are no words. What is shown and what other models
 * get keeps its spelling.
 */
public final class EspeakSpelling {
    private static final String[] PLURALS = {
        "aze", "beez", "seez", "deez", "eez", "effs", "jeez", "aitches", "eyes", "jays", "kays",
        "els", "ems", "enns", "oze", "peez", "cues", "arz", "esses", "teez", "yooz", "veez",
        "doubleyooz", "exes", "wize", "zeez"
    };

    private EspeakSpelling() {}

    /** The text respelled; blocks of raw phonemes stay as they are. */
    public static String of(String text) {
        return of(text, null);
    }

    /**
     * The same.
     *
     * @param origins gets where each character stands in the text; null if nobody asks
     */
    public static String of(String text, @Nullable Origins origins) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        for (int i = 0, from = 0; i < text.length(); from = i) {
            i = step(text, i, out);
            if (origins != null && i - from == out.length() - origins.size()) {
                origins.copied(out.length(), from);
            } else if (origins != null) {
                origins.said(out.length(), from, i);
            }
        }
        return out.toString();
    }

    /** Appends what stands for the character or word at {@code i}; gives where it ends. */
    private static int step(String text, int i, StringBuilder out) {
        int raw = Phonemes.end(text, i);
        if (raw > i) {
            out.append(text, i, raw);
            return raw;
        }
        char c = text.charAt(i);
        if (Character.isLetter(c) && Words.edge(text, i - 1)) {
            int end = i;
            while (end < text.length() && Character.isLetter(text.charAt(end))) {
                end++;
            }
            out.append(word(text, i, end));
            return end;
        }
        boolean dash =
                c == '—'
                        || c == '–'
                                && Character.isLetter(Words.at(text, i - 1))
                                && Character.isLetter(Words.at(text, i + 1));
        out.append(dash ? " — " : String.valueOf(c));
        return i + 1;
    }

    private static String word(String text, int i, int end) {
        String word = text.substring(i, end);
        int n = word.length();
        if (n == 1
                && text.startsWith("(", end)
                && "fgh".contains(word)
                && Words.at(text, end + 2) == ')') {
            return word + " of ";
        }
        if (n > 2 && word.charAt(n - 1) == 's' && acronym(word, n - 1)) {
            int last = n - 2;
            return word.substring(0, last) + "-" + PLURALS[word.charAt(last) - 'A'];
        }
        if (n > 1 && n < 6 && Character.isUpperCase(word.charAt(1))) {
            boolean oxide =
                    Words.in("oxides", word) && Words.in("small-numbers", Words.after(text, end));
            return oxide || Words.in("letters", word) ? String.join(" ", word.split("")) : word;
        }
        String spelled = Homographs.spelling(text, i, end);
        return spelled.isEmpty()
                ? word
                : Character.isUpperCase(word.charAt(0))
                        ? Character.toUpperCase(spelled.charAt(0)) + spelled.substring(1)
                        : spelled;
    }

    /** Whether the first {@code n} letters are capitals, or "Ph" and capitals. */
    private static boolean acronym(String word, int n) {
        int capitals = 0;
        for (int k = 0; k < n; k++) {
            char c = word.charAt(k);
            boolean capital = c >= 'A' && c <= 'Z';
            if (!capital && !(k == 1 && word.startsWith("Ph"))) {
                return false;
            }
            capitals += capital ? 1 : 0;
        }
        return capitals > 1 && word.charAt(n - 1) >= 'A' && word.charAt(n - 1) <= 'Z';
    }
}
