package dev.skald.text;

import dev.skald.text.words.Words;

/** The English endings of possessive and plural behind a word of the lexicon. */
final class Inflection {
    private static final String SIBILANTS = "szʃʒ";
    private static final String VOICELESS = "ptkfθ";

    private Inflection() {}

    /**
     * Where "'s", "s" or an apostrophe alone behind a word that ends at {@code i} ends; or there.
     */
    static int end(String text, int i) {
        char c = Words.at(text, i);
        boolean apostrophe = c == '\'' || c == '’';
        int s = apostrophe ? i + 1 : i;
        if (Words.at(text, s) == 's' && Words.edge(text, s + 1)) {
            return s + 1;
        }
        return i;
    }

    /**
     * A reading with an ending.
     *
     * @param ending as written
     */
    static String of(String reading, String ending) {
        if (!reading.endsWith("]]")) {
            return reading + ending;
        }
        int last = reading.length() - 3;
        // Length, stress and tie marks say nothing of the sound.
        while (last > 1 && !Character.isLetter(reading.charAt(last))) {
            last--;
        }
        char sound = reading.charAt(last);
        String said =
                VOICELESS.indexOf(sound) >= 0 ? "s" : SIBILANTS.indexOf(sound) >= 0 ? "ᵻz" : "z";
        return reading.substring(0, reading.length() - 2) + said + "]]";
    }
}
