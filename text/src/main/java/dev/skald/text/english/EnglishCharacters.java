package dev.skald.text.english;

import dev.skald.text.normalize.Compatible;
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
            default -> {
                boolean letterlike =
                        c >= 0x2100 && c <= 0x214F && Character.isLetter(c) && c != 'Ω';
                if (letterlike) {
                    out.append(Normalizer.normalize(Character.toString(c), Normalizer.Form.NFKC));
                } else if (c > 0x7F && Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER) {
                    out.append((char) ('0' + Character.digit(c, 10)));
                } else if (c >= 0x100 && c < 0x250) {
                    latin(c, out);
                } else {
                    out.appendCodePoint(c);
                }
            }
        }
    }

    /** A letter of another language by its base: no English voice knows it. */
    private static void latin(int c, StringBuilder out) {
        switch (c) {
            case 'đ' -> out.append('d');
            case 'Đ' -> out.append('D');
            case 'ł' -> out.append('l');
            case 'Ł' -> out.append('L');
            case 'ı' -> out.append('i');
            case 'ħ' -> out.append('h');
            case 'Ħ' -> out.append('H');
            case 'ŋ' -> out.append("ng");
            case 'œ' -> out.append("oe");
            case 'Œ' -> out.append("Oe");
            case 'ŧ' -> out.append('t');
            case 'Ŧ' -> out.append('T');
            case 'ſ' -> out.append('s');
            default -> out.append(Compatible.base(c));
        }
    }
}
