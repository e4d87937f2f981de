package dev.skald.chatterbox.text;

import java.util.Locale;

/** The clean-up that each official pipeline gives its text ({@code punc_norm}). */
public enum PunctuationNorm {
    ORIGINAL(".!?-,", true),
    MULTILINGUAL(".!?-,、，。？！", true),
    TURBO(".!?-,", false);

    private static final String[][] COMMON = {
        {"…", ", "},
        {":", ","},
        {"—", "-"},
        {"–", "-"},
        {" ,", ","},
        {"“", "\""},
        {"”", "\""},
        {"‘", "'"},
        {"’", "'"}
    };
    private static final String[][] WITH_PAUSES = {
        {"...", ", "},
        {"…", ", "},
        {":", ","},
        {" - ", ", "},
        {";", ", "},
        {"—", "-"},
        {"–", "-"},
        {" ,", ","},
        {"“", "\""},
        {"”", "\""},
        {"‘", "'"},
        {"’", "'"}
    };

    private final String enders;
    private final boolean pauses;

    PunctuationNorm(String enders, boolean pauses) {
        this.enders = enders;
        this.pauses = pauses;
    }

    /** A capital first, single blanks, plain punctuation, and an end. */
    public String apply(String text) {
        if (text.isEmpty()) {
            return "You need to add some text for me to talk.";
        }
        int first = text.codePointAt(0);
        String t = text;
        if (Character.isLowerCase(first)) {
            int n = Character.charCount(first);
            t = text.substring(0, n).toUpperCase(Locale.ROOT) + text.substring(n);
        }
        t = singleBlanks(t);
        for (String[] pair : pauses ? WITH_PAUSES : COMMON) {
            t = t.replace(pair[0], pair[1]);
        }
        int end = t.length();
        while (end > 0 && t.charAt(end - 1) == ' ') {
            end--;
        }
        t = t.substring(0, end);
        return end > 0 && enders.indexOf(t.charAt(end - 1)) >= 0 ? t : t + ".";
    }

    private static String singleBlanks(String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean blank = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (isPythonSpace(c)) {
                blank = true;
            } else {
                if (blank && !out.isEmpty()) {
                    out.append(' ');
                }
                blank = false;
                out.append(c);
            }
        }
        return out.toString();
    }

    /** What Python's {@code str.split()} splits at. */
    static boolean isPythonSpace(int c) {
        return isSpace(c) || (c >= 0x1c && c <= 0x1f);
    }

    /** Unicode's White_Space. */
    static boolean isSpace(int c) {
        return (c >= 9 && c <= 13)
                || c == 0x20
                || c == 0x85
                || c == 0xa0
                || c == 0x1680
                || (c >= 0x2000 && c <= 0x200a)
                || c == 0x2028
                || c == 0x2029
                || c == 0x202f
                || c == 0x205f
                || c == 0x3000;
    }
}
