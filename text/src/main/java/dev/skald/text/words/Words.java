package dev.skald.text.words;

import java.util.Map;
import java.util.Set;

/** The word lists of {@code words-en.txt}, and looking at the words around a place. */
public final class Words {
    private static final int LONGEST = 40;

    private static final class Lists {
        private static final Map<String, Set<String>> ALL = Resources.lists("words-en.txt");
    }

    private Words() {}

    public static boolean in(String list, String word) {
        return Lists.ALL.getOrDefault(list, Set.of()).contains(word);
    }

    /** All words of a list. */
    public static Set<String> list(String list) {
        return Lists.ALL.getOrDefault(list, Set.of());
    }

    /** The word that ends before {@code i}, over one space at most; empty if there is none. */
    public static String before(String text, int i) {
        int end = Math.max(i, 0);
        if (end > 0 && text.charAt(end - 1) == ' ') {
            end--;
        }
        int start = end;
        while (start > 0 && end - start < LONGEST && wordChar(text.charAt(start - 1))) {
            start--;
        }
        return text.substring(start, end);
    }

    /** The word that begins at {@code i}, over one space at most; empty if there is none. */
    public static String after(String text, int i) {
        int start = Math.min(i < text.length() && text.charAt(i) == ' ' ? i + 1 : i, text.length());
        int end = start;
        while (end < text.length() && end - start < LONGEST && wordChar(text.charAt(end))) {
            end++;
        }
        return text.substring(start, end);
    }

    private static boolean wordChar(char c) {
        return Character.isLetter(c) || c == '\'' || c == '-' || Character.isDigit(c);
    }

    public static boolean capitalised(String word) {
        return !word.isEmpty() && Character.isUpperCase(word.charAt(0));
    }

    /** The character at {@code i}, or a space beyond either end. */
    public static char at(CharSequence text, int i) {
        return i >= 0 && i < text.length() ? text.charAt(i) : ' ';
    }

    /** Whether {@code i} lies outside or on something that cannot be part of a word or number. */
    public static boolean edge(CharSequence text, int i) {
        return !Character.isLetterOrDigit(at(text, i));
    }
}
