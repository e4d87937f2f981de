package dev.skald.text.english;

import dev.skald.text.words.Phonemes;
import java.text.Normalizer;

/** Writes characters that mean the same in the one way the English rules know. */
final class EnglishCharacters {
    private EnglishCharacters() {}

    /** Straight quotes, ASCII digits and letters for their other forms, one kind of hyphen. */
    static String fold(String text) {
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
            int n = Character.charCount(c);
            int raw = c == '[' ? Phonemes.end(text, i) : -1;
            if (raw > 0) {
                out.append(text, i, raw);
                i = raw;
                continue;
            }
            fold(c, out);
            i += n;
        }
        return out.toString();
    }

    private static void fold(int c, StringBuilder out) {
        switch (c) {
            case '‘', '’', '‛', 'ʼ', '′', '´' -> out.append('\'');
            case '“', '”', '„', '‟', '″' -> out.append('"');
            case '‐', '‑', '\u00AD' -> out.append('-');
            case '‒' -> out.append('–');
            case '―', '⸺' -> out.append('—');
            case '⁄' -> out.append('/');
            case 'ﬀ', 'ﬁ', 'ﬂ', 'ﬃ', 'ﬄ', 'ﬅ', 'ﬆ' -> compatible(c, out);
            default -> {
                boolean fullWidth = c >= 0xFF01 && c <= 0xFF5E;
                boolean mathematical = c >= 0x1D400 && c <= 0x1D7FF;
                boolean letterlike =
                        c >= 0x2100 && c <= 0x214F && Character.isLetter(c) && c != 'Ω';
                if (fullWidth || mathematical || letterlike) {
                    compatible(c, out);
                } else if (c > 0x7F && Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER) {
                    out.append((char) ('0' + Character.digit(c, 10)));
                } else {
                    out.appendCodePoint(c);
                }
            }
        }
    }

    private static void compatible(int c, StringBuilder out) {
        out.append(Normalizer.normalize(Character.toString(c), Normalizer.Form.NFKC));
    }
}
