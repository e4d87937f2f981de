package dev.skald.text.normalize;

import dev.skald.text.words.Phonemes;
import java.text.Normalizer;
import java.util.Set;

/**
 * Characters that only look different, written the plain way: ligatures, full-width and squared
 * forms, raised letters, letters that no voice outside their own language knows.
 */
public final class Compatible {

    /** Languages whose readers know the letters of Vietnamese and the like. */
    private static final Set<String> MARKED =
            Set.of("vi", "cy", "gd", "ga", "yo", "haw", "mi", "kl");

    private Compatible() {}

    /**
     * The text in plain characters; blocks of raw phonemes stay as they are.
     *
     * @param language two or three letters: its own letters are kept
     */
    public static String fold(String text, String language) {
        int i = 0;
        while (i < text.length() && text.charAt(i) < 0x80) {
            i++;
        }
        if (i == text.length()) {
            return text;
        }
        int block = text.indexOf("[[");
        i = block < 0 ? i : Math.min(i, block);
        StringBuilder out = new StringBuilder(text.length());
        out.append(text, 0, i);
        while (i < text.length()) {
            int c = text.codePointAt(i);
            int raw = c == '[' ? Phonemes.end(text, i) : -1;
            if (raw > 0) {
                out.append(text, i, raw);
                i = raw;
            } else {
                i += Character.charCount(c);
                fold(c, language, out);
            }
        }
        // A mark after a letter that has just become plain may make a new letter: "ᵐ" + acute.
        String folded = Normalizer.normalize(out, Normalizer.Form.NFC);
        return folded.contentEquals(out) ? folded : fold(folded, language);
    }

    private static void fold(int c, String language, StringBuilder out) {
        if (c < 0x100) {
            out.append((char) c);
        } else if (c == 0x2DA) {
            out.append('°');
        } else if (c >= 0x2460 && c <= 0x2473) {
            enumerated(String.valueOf(c - 0x2460 + 1), out);
        } else if (c >= 0x24B6 && c <= 0x24E9) {
            out.append((char) (c < 0x24D0 ? c - 0x24B6 + 'A' : c - 0x24D0 + 'a'));
        } else if (c >= 0x1F130 && c <= 0x1F189 && (c - 0x1F130) % 32 < 26) {
            out.append((char) ((c - 0x1F130) % 32 + 'A'));
        } else if (c == 0x2236) {
            out.append(':');
        } else if (c >= 0x2474 && c <= 0x249B) {
            enumerated(String.valueOf((c - 0x2474) % 20 + 1), out);
        } else if (c >= 0x2776 && c <= 0x2793) {
            enumerated(String.valueOf((c - 0x2776) % 10 + 1), out);
        } else if (c >= 0x2160 && c <= 0x217F && !afterName(out)) {
            out.append(Character.getNumericValue(c));
        } else if (plainForm(c)) {
            String plain = Normalizer.normalize(Character.toString(c), Normalizer.Form.NFKC);
            out.append(plain.replace('∕', '/'));
        } else if (mark(c) && !out.isEmpty()) {
            // Lines struck through letters, and marks piled on marks, say nothing.
            boolean overlay = c >= 0x334 && c <= 0x338;
            if (!overlay && !mark(out.charAt(out.length() - 1))) {
                out.appendCodePoint(c);
            }
        } else if (c >= 0x1E00 && c <= 0x1EFF || c == 'ơ' || c == 'Ơ' || c == 'ư' || c == 'Ư') {
            if (MARKED.contains(language)) {
                out.appendCodePoint(c);
            } else {
                out.append(base(c));
            }
        } else {
            out.appendCodePoint(c);
        }
    }

    /** Whether a word with a capital stands before, so that "Ⅷ" may be "the eighth". */
    private static boolean afterName(CharSequence before) {
        int end = before.length();
        int i = end - 1;
        if (i < 1 || before.charAt(i) != ' ') {
            return false;
        }
        while (i > 0 && Character.isLetter(before.charAt(i - 1))) {
            i--;
        }
        return Character.isUpperCase(before.charAt(i));
    }

    /** "① Wash ② Dry": a number, and a pause before it. */
    private static void enumerated(String number, StringBuilder out) {
        int n = out.length();
        boolean afterWord =
                n > 1 && out.charAt(n - 1) == ' ' && Character.isLetterOrDigit(out.charAt(n - 2));
        if (n > 0 && Character.isLetterOrDigit(out.charAt(n - 1))) {
            out.append(", ");
        } else if (afterWord) {
            out.setLength(n - 1);
            out.append(", ");
        }
        out.append(number);
    }

    private static boolean plainForm(int c) {
        return c >= 0xFB00 && c <= 0xFB06
                || c >= 0xFF01 && c <= 0xFF5E
                || c >= 0x3371 && c <= 0x33DF
                || c >= 0x2160 && c <= 0x217F
                || c >= 0x1D400 && c <= 0x1D7FF
                || c >= 0x2B0 && c <= 0x2B8
                || c >= 0x2E0 && c <= 0x2E3
                || c >= 0x1D2C && c <= 0x1D61
                || c == 0x1D43
                || c == 0x2071
                || c == 0x207F
                || c == 0x132
                || c == 0x133
                || c == 0x149
                || c >= 0x1C4 && c <= 0x1CC;
    }

    private static boolean mark(int c) {
        return c >= 0x300 && c <= 0x36F;
    }

    /** The letter without its marks: "ễ" is "e". */
    public static String base(int c) {
        String plain = Normalizer.normalize(Character.toString(c), Normalizer.Form.NFD);
        StringBuilder out = new StringBuilder(1);
        for (int i = 0; i < plain.length(); i++) {
            if (!mark(plain.charAt(i))) {
                out.append(plain.charAt(i));
            }
        }
        return out.toString();
    }
}
