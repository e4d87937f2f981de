package dev.skald.text.english;

/** The text as it is put together: keeps words apart and leaves no stray space. */
final class Spoken {
    private final StringBuilder out;

    /** Whether something was replaced or dropped since the last character. */
    private boolean gap;

    Spoken(int capacity) {
        out = new StringBuilder(capacity);
    }

    /** Appends what is said for something; nothing if it is dropped. */
    void words(String words) {
        gap = true;
        if (!words.isEmpty()) {
            for (int i = 0; i < words.length(); i++) {
                character(words.charAt(i));
            }
            gap = true;
        }
    }

    /** Appends text as it stands. */
    void copy(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            character(text.charAt(i));
        }
    }

    /** Appends a block no rule touches. */
    void raw(String text, int from, int to) {
        if (gap && !out.isEmpty() && Character.isLetterOrDigit(last())) {
            out.append(' ');
        }
        out.append(text, from, to);
        gap = false;
    }

    private void character(char c) {
        if (c == ' ') {
            if (!out.isEmpty() && last() != ' ') {
                out.append(' ');
            }
            return;
        }
        if (gap && !out.isEmpty()) {
            boolean word = Character.isLetterOrDigit(c);
            boolean tight = Character.isLetterOrDigit(last()) || ",;:!?.)".indexOf(last()) >= 0;
            if (word && tight) {
                out.append(' ');
            } else if (last() == ' ' && ",;:!?.)".indexOf(c) >= 0) {
                out.setLength(out.length() - 1);
            }
        }
        gap = false;
        // What was dropped between two stops leaves one.
        if (!(",;:".indexOf(c) >= 0 && (out.isEmpty() || last() == c))) {
            out.append(c);
        }
    }

    private char last() {
        return out.charAt(out.length() - 1);
    }

    String finish() {
        int n = out.length();
        while (n > 0 && out.charAt(n - 1) == ' ') {
            n--;
        }
        out.setLength(n);
        return out.toString();
    }
}
