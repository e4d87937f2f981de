package dev.skald.text.english;

import dev.skald.text.origins.Origins;
import org.jspecify.annotations.Nullable;

/** The text as it is put together: keeps words apart and leaves no stray space. */
final class Spoken {
    private final StringBuilder out;

    /** Where each character comes from; null if nobody asks. */
    private final @Nullable Origins origins;

    private int from;
    private int to;

    /** Whether something was replaced or dropped since the last character. */
    private boolean gap;

    Spoken(int capacity, @Nullable Origins origins) {
        this.origins = origins;
        out = new StringBuilder(capacity);
    }

    /** Appends what is said for a range of the text; nothing if it is dropped. */
    void words(String words, int from, int to) {
        this.from = from;
        this.to = to;
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
            this.from = i;
            this.to = i + 1;
            character(text.charAt(i));
        }
    }

    /** Appends a block no rule touches. */
    void raw(String text, int from, int to) {
        if (gap && !out.isEmpty() && Character.isLetterOrDigit(last())) {
            append(' ');
        }
        out.append(text, from, to);
        if (origins != null) {
            origins.copied(out.length(), from);
        }
        gap = false;
    }

    private void character(char c) {
        if (c == ' ') {
            if (!out.isEmpty() && last() != ' ') {
                append(' ');
            }
            return;
        }
        if (gap && !out.isEmpty()) {
            boolean word = Character.isLetterOrDigit(c);
            boolean tight = Character.isLetterOrDigit(last()) || ",;:!?.)".indexOf(last()) >= 0;
            if (word && tight) {
                append(' ');
            } else if (last() == ' ' && ",;:!?.)".indexOf(c) >= 0) {
                cut(out.length() - 1);
            }
        }
        gap = false;
        // What was dropped between two stops leaves one.
        if (!(",;:".indexOf(c) >= 0 && (out.isEmpty() || last() == c))) {
            append(c);
        }
    }

    private void append(char c) {
        out.append(c);
        if (origins != null) {
            origins.add(from, to);
        }
    }

    private void cut(int length) {
        out.setLength(length);
        if (origins != null) {
            origins.cut(length);
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
        cut(n);
        return out.toString();
    }
}
