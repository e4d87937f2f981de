package dev.skald.text.normalize;

import java.text.Normalizer;

/**
 * What every language needs: NFC, no controls, no broken surrogates, one space where there was any
 * white space.
 */
public final class UnicodeCleanup {
    private static final int ZERO_WIDTH_NON_JOINER = 0x200C;
    private static final int ZERO_WIDTH_JOINER = 0x200D;

    private UnicodeCleanup() {}

    public static String clean(CharSequence text) {
        int n = text.length();
        if (plainAscii(text, n)) {
            return text.toString();
        }
        StringBuilder out = new StringBuilder(n);
        boolean ascii = true;
        for (int i = 0; i < n; ) {
            int c = Character.codePointAt(text, i);
            i += Character.charCount(c);
            switch (Character.getType(c)) {
                case Character.CONTROL,
                        Character.SPACE_SEPARATOR,
                        Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR ->
                        space(out);
                case Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED -> {}
                case Character.FORMAT -> {
                    if (c == ZERO_WIDTH_JOINER || c == ZERO_WIDTH_NON_JOINER) {
                        out.appendCodePoint(c);
                        ascii = false;
                    }
                }
                default -> {
                    if (!variationSelector(c)) {
                        out.appendCodePoint(c);
                        ascii &= c < 0x80;
                    }
                }
            }
        }
        int end = out.length();
        if (end > 0 && out.charAt(end - 1) == ' ') {
            out.setLength(end - 1);
        }
        return ascii ? out.toString() : Normalizer.normalize(out, Normalizer.Form.NFC);
    }

    /** Whether anything in the text can be said as it stands: a letter or a digit. */
    public static boolean speakable(CharSequence text) {
        for (int i = 0; i < text.length(); ) {
            int c = Character.codePointAt(text, i);
            if (Character.isLetterOrDigit(c)) {
                return true;
            }
            i += Character.charCount(c);
        }
        return false;
    }

    private static boolean plainAscii(CharSequence text, int n) {
        boolean space = true;
        for (int i = 0; i < n; i++) {
            char c = text.charAt(i);
            if (c < ' ' || c > '~' || (c == ' ' && space)) {
                return false;
            }
            space = c == ' ';
        }
        return n == 0 || !space;
    }

    private static boolean variationSelector(int c) {
        return (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0100 && c <= 0xE01EF);
    }

    private static void space(StringBuilder out) {
        int n = out.length();
        if (n > 0 && out.charAt(n - 1) != ' ') {
            out.append(' ');
        }
    }
}
