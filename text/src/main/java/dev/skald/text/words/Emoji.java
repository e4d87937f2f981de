package dev.skald.text.words;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Emoji by their names in {@code emoji-en.tsv}. */
public final class Emoji {
    private static final int LONGEST = 24;
    private static final int JOINER = 0x200D;

    private static final class Table {
        private static final Map<String, String[]> ROWS = Resources.table("emoji-en.tsv");
    }

    private Emoji() {}

    /** Whether a character may begin an emoji. */
    public static boolean mayBe(char c) {
        return c >= 0xD83C && c <= 0xD83E
                || (c >= 0x2190 && c <= 0x2BFF)
                || c >= 0x3030 && c <= 0x3299;
    }

    /** The longest emoji at {@code i}, said once however often it is repeated; null if none. */
    public static @Nullable Reading read(String text, int i) {
        for (int n = Math.min(LONGEST, text.length() - i); n > 0; n--) {
            if (Character.isLowSurrogate(Words.at(text, i + n))) {
                continue;
            }
            String sequence = text.substring(i, i + n);
            String key = withoutTones(sequence);
            String[] row = key.isEmpty() ? null : Table.ROWS.get(key);
            if (row != null) {
                int end = skipTones(text, i + n);
                while (text.startsWith(sequence, end)) {
                    end = skipTones(text, end + n);
                }
                return Reading.of(row[1], end);
            }
        }
        return null;
    }

    private static String withoutTones(String sequence) {
        StringBuilder out = null;
        for (int i = 0; i < sequence.length(); ) {
            int c = sequence.codePointAt(i);
            if (tone(c)) {
                if (out == null) {
                    out = new StringBuilder(sequence.substring(0, i));
                }
            } else if (out != null) {
                out.appendCodePoint(c);
            }
            i += Character.charCount(c);
        }
        return out == null ? sequence : out.toString();
    }

    private static int skipTones(String text, int from) {
        int i = from;
        while (i < text.length()) {
            int c = text.codePointAt(i);
            if (!tone(c) && c != JOINER) {
                break;
            }
            i += Character.charCount(c);
        }
        return i;
    }

    private static boolean tone(int c) {
        return c >= 0x1F3FB && c <= 0x1F3FF;
    }
}
