package dev.skald.text.words;

import java.util.Locale;

/** Roman numerals by their value. */
public final class Roman {
    private static final int[] VALUES = {1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1};
    private static final String[] SIGNS = {
        "M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"
    };

    private Roman() {}

    /** Whether a word after "Vol." or "No." is a numeral; "I" is more often the speaker. */
    public static boolean afterNumbered(String word) {
        return value(word) > 0 && !word.equals("I") && !letter(word)
                || small(word) && !word.equals("i");
    }

    /** Whether a word is a numeral in small letters, as on the first pages of a book. */
    public static boolean small(String word) {
        for (int i = 0; i < word.length(); i++) {
            if ("ivxl".indexOf(word.charAt(i)) < 0) {
                return false;
            }
        }
        return value(word.toUpperCase(Locale.ROOT)) > 0;
    }

    /** Whether a numeral is one letter that is more often just that. */
    public static boolean letter(String word) {
        return word.length() == 1 && "CDLM".contains(word);
    }

    /** The value of a numeral in capitals; 0 if the word is none. */
    public static int value(String word) {
        if (word.isEmpty() || word.length() > 15) {
            return 0;
        }
        int value = 0;
        int i = 0;
        for (int k = 0; k < SIGNS.length; k++) {
            while (word.startsWith(SIGNS[k], i)) {
                value += VALUES[k];
                i += SIGNS[k].length();
            }
        }
        return i == word.length() && value < 4000 && write(value).equals(word) ? value : 0;
    }

    private static String write(int value) {
        StringBuilder out = new StringBuilder();
        int rest = value;
        for (int k = 0; k < VALUES.length; k++) {
            while (rest >= VALUES[k]) {
                out.append(SIGNS[k]);
                rest -= VALUES[k];
            }
        }
        return out.toString();
    }
}
