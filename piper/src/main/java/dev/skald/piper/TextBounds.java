package dev.skald.piper;

/**
 * Text as a phonemizer may be given it: no word without end, no wall of punctuation. Neither is
 * language, and both are what phonemizers fail on.
 */
final class TextBounds {
    /** The longest German words have 80 letters. A run without spaces may also be Chinese. */
    private static final int LONGEST_WORD = 80;

    /** A web address has fewer; each one more of "s's's's" takes eSpeak NG longer than the last. */
    private static final int MOST_MARKS_OF_A_WORD = 16;

    private static final int LONGEST_RUN = 8;
    private static final int KEPT_OF_A_RUN = 4;

    private TextBounds() {}

    static String bounded(String text) {
        StringBuilder out = null;
        int word = 0;
        int marks = 0;
        int run = 0;
        int runFrom = 0;
        int breakAt = 0;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            boolean mark = mark(c);
            if (mark && run++ == 0) {
                runFrom = out == null ? i : out.length();
            }
            if (!mark) {
                run = 0;
            }
            boolean white = Character.isWhitespace(c);
            boolean kept = run <= LONGEST_RUN;
            word = white ? 0 : kept ? word + 1 : word;
            marks = white ? 0 : kept && mark ? marks + 1 : marks;
            boolean tooLong = kept && (word > LONGEST_WORD || marks > MOST_MARKS_OF_A_WORD);
            if (out == null && (!kept || tooLong)) {
                out = new StringBuilder(text.length() + 8).append(text, 0, i);
            }
            int next = i + Character.charCount(c);
            if (out != null) {
                if (run == LONGEST_RUN + 1) {
                    out.setLength(out.offsetByCodePoints(runFrom, KEPT_OF_A_RUN));
                }
                if (tooLong) {
                    int at = breakAt > 0 && breakAt <= out.length() ? breakAt : out.length();
                    out.insert(at, ' ');
                    word = out.codePointCount(at + 1, out.length()) + 1;
                    marks = mark ? 1 : 0;
                    breakAt = 0;
                }
                if (kept) {
                    out.appendCodePoint(c);
                }
            }
            // Where a long word is best broken: behind its last mark.
            if (white) {
                breakAt = 0;
            } else if (mark) {
                breakAt = out == null ? next : out.length();
            }
            i = next;
        }
        return out == null ? text : out.toString();
    }

    /** Punctuation and symbols. */
    private static boolean mark(int c) {
        return switch (Character.getType(c)) {
            case Character.CONNECTOR_PUNCTUATION,
                    Character.DASH_PUNCTUATION,
                    Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION,
                    Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION,
                    Character.OTHER_PUNCTUATION,
                    Character.MATH_SYMBOL,
                    Character.CURRENCY_SYMBOL,
                    Character.MODIFIER_SYMBOL,
                    Character.OTHER_SYMBOL ->
                    true;
            default -> false;
        };
    }
}
