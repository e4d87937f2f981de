package dev.skald.text.languages;

import dev.skald.text.words.Resources;
import dev.skald.text.words.Words;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What {@code languages.tsv} tells of a language; nothing for one it does not have.
 *
 * @param code two or three letters
 * @param minus what is said for a minus before a number; empty to leave it
 * @param ordinals whether a number with a full stop is an ordinal
 * @param starters words a sentence begins with
 * @param abbreviations by what is written, in lower case unless a capital letter counts
 */
record Language(
        String code,
        String minus,
        boolean ordinals,
        Set<String> starters,
        Map<String, Entry> abbreviations) {

    enum Kind {
        MID,
        NUMBER,
        END,
        PLAIN
    }

    /** What is said for an abbreviation, and where it counts. */
    record Entry(String reading, Kind kind) {}

    private static final Map<String, Language> KNOWN = new ConcurrentHashMap<>();

    /** By tag or voice name: {@code de}, {@code de-AT}, {@code de_DE}. */
    static Language of(String tag) {
        String code = tag.strip().toLowerCase(Locale.ROOT).split("[-_]", 2)[0];
        return KNOWN.computeIfAbsent(code, Language::read);
    }

    /** The entry for a word as written; null if there is none. */
    @Nullable Entry find(String word) {
        Entry exact = abbreviations.get(word);
        return exact != null ? exact : abbreviations.get(word.toLowerCase(Locale.ROOT));
    }

    private static Language read(String code) {
        String minus = "";
        boolean ordinals = false;
        Set<String> starters = new HashSet<>();
        Map<String, Entry> abbreviations = new HashMap<>();
        boolean mine = false;
        for (String line : Resources.lines("languages.tsv")) {
            if (line.startsWith("[")) {
                mine = List.of(line.substring(1, line.length() - 1).split(" ")).contains(code);
            } else if (mine) {
                String[] row = line.split("\t", -1);
                switch (row[0]) {
                    case "minus" -> minus = row[1];
                    case "ordinals" -> ordinals = true;
                    case "starters" -> starters.addAll(List.of(row[1].split(" ")));
                    default ->
                            abbreviations.put(
                                    row[0],
                                    new Entry(
                                            row[1], Kind.valueOf(row[2].toUpperCase(Locale.ROOT))));
                }
            }
        }
        return new Language(code, minus, ordinals, starters, abbreviations);
    }

    /** Where the word that a full stop at {@code dot} ends begins: letters with dots between. */
    static int wordStart(CharSequence text, int dot) {
        int i = dot;
        while (i > 0 && dot - i < 12) {
            char c = text.charAt(i - 1);
            boolean inner = (c == '.' || c == '-') && i < dot && Character.isLetter(text.charAt(i));
            if (!Character.isLetter(c) && !inner) {
                break;
            }
            i--;
        }
        return Words.edge(text, i - 1) ? i : dot;
    }
}
