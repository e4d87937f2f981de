package dev.skald.text.english;

import dev.skald.text.words.NumberWords;
import java.util.Set;

/** Chemical formulas written with plain digits: C6H12O6. */
final class Formulas {
    private static final Set<String> ELEMENTS =
            Set.of(
                    "H", "He", "Li", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P",
                    "S", "Cl", "Ar", "K", "Ca", "Ti", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn",
                    "As", "Se", "Br", "Kr", "Ag", "Cd", "Sn", "I", "Xe", "Ba", "Pt", "Au", "Hg",
                    "Pb", "U");

    private Formulas() {}

    /** Whether a word is elements and counts, with a count that is no digit of a code. */
    static boolean formula(String word) {
        int elements = 0;
        boolean large = false;
        for (int i = 0; i < word.length(); ) {
            int end = element(word, i);
            if (end == i) {
                return false;
            }
            elements++;
            int digits = end;
            while (digits < word.length() && Character.isDigit(word.charAt(digits))) {
                digits++;
            }
            if (digits > end && word.charAt(end) == '0' || digits - end > 2) {
                return false;
            }
            large |= digits - end == 2;
            i = digits;
        }
        return elements > 1 && large;
    }

    /** "C six H twelve O six". */
    static String said(String word) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < word.length(); ) {
            int end = i + 1;
            boolean digit = Character.isDigit(word.charAt(i));
            while (end < word.length()
                    && Character.isDigit(word.charAt(end)) == digit
                    && (digit || Character.isLowerCase(word.charAt(end)))) {
                end++;
            }
            String part = word.substring(i, end);
            out.append(out.isEmpty() ? "" : " ").append(digit ? NumberWords.cardinal(part) : part);
            i = end;
        }
        return out.toString();
    }

    private static int element(String word, int i) {
        for (int n = Math.min(2, word.length() - i); n > 0; n--) {
            if (ELEMENTS.contains(word.substring(i, i + n))) {
                return i + n;
            }
        }
        return i;
    }
}
