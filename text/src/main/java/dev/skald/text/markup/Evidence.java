package dev.skald.text.markup;

/** Whether a stretch of text is marked up, and whether it can be read without what follows. */
final class Evidence {
    private Evidence() {}

    /** Whether mark-up may begin with {@code c}. */
    static boolean mayBegin(char c, boolean lineStart) {
        return switch (c) {
            case '<', '&', '[', '*', '_', '$', '`', '~', '=', '\\', '!' -> true;
            case '-', '+', '>', '#' -> lineStart;
            default -> lineStart && c >= '0' && c <= '9';
        };
    }

    /** Whether text is Markdown or HTML. */
    static boolean of(String text) {
        for (int i = 0; i < text.length(); i++) {
            boolean marked =
                    switch (text.charAt(i)) {
                        case '<' -> tag(text, i);
                        case '&' -> entity(text, i);
                        case '[' -> bracket(text, i);
                        case '*', '_', '~', '=' -> pair(text, i);
                        case '`' -> text.startsWith("```", i) && lineStart(text, i);
                        case '$' -> formula(text, i);
                        case '\\' -> escape(text, i);
                        default -> false;
                    };
            if (marked) {
                return true;
            }
        }
        return false;
    }

    private static boolean lineStart(String text, int i) {
        int k = i;
        while (k > 0 && text.charAt(k - 1) == ' ') {
            k--;
        }
        return k == 0 || text.charAt(k - 1) == '\n';
    }

    private static boolean tag(String text, int i) {
        char next = at(text, i + 1);
        boolean begins = Character.isLetter(next) || next == '/' || next == '!';
        return begins && text.indexOf('>', i) > 0;
    }

    private static boolean entity(String text, int i) {
        int semicolon = text.indexOf(';', i, Math.min(text.length(), i + 12));
        if (semicolon < i + 3) {
            return false;
        }
        for (int k = i + 1; k < semicolon; k++) {
            char c = text.charAt(k);
            boolean name = c < 0x80 && Character.isLetterOrDigit(c);
            if (!name && !(c == '#' && k == i + 1)) {
                return false;
            }
        }
        return true;
    }

    private static boolean bracket(String text, int i) {
        if (text.startsWith("[[", i)) {
            return false;
        }
        if (at(text, i + 1) == '^') {
            return true;
        }
        int close = text.indexOf(']', i);
        if (close < 0) {
            return false;
        }
        boolean task =
                close == i + 2 && " xX".indexOf(text.charAt(i + 1)) >= 0 && at(text, i - 1) == ' ';
        boolean item = task && "-*+".indexOf(at(text, i - 2)) >= 0;
        char after = at(text, close + 1);
        boolean definition = after == ':' && lineStart(text, i) && text.startsWith(" ", close + 2);
        return item || definition || after == '(' || after == '[' && at(text, close + 2) != '^';
    }

    /** Two of a mark before a word, and two behind one. */
    private static boolean pair(String text, int i) {
        char c = text.charAt(i);
        if (at(text, i + 1) != c
                || at(text, i + 2) == c
                || Character.isWhitespace(at(text, i + 2))
                || at(text, i - 1) == c) {
            return false;
        }
        int close = text.indexOf("" + c + c, i + 3);
        return close > 0 && !Character.isWhitespace(text.charAt(close - 1));
    }

    private static boolean formula(String text, int i) {
        if (at(text, i + 1) == '$') {
            return text.indexOf("$$", i + 2) > 0;
        }
        int close = text.indexOf('$', i + 1, Math.min(text.length(), i + Latex.LONGEST));
        return close > i + 1
                && !Character.isDigit(at(text, close + 1))
                && !Character.isWhitespace(text.charAt(i + 1))
                && Latex.likely(text.substring(i + 1, close));
    }

    private static boolean escape(String text, int i) {
        char next = at(text, i + 1);
        return "*_#[]()$`~<>".indexOf(next) >= 0;
    }

    /** Whether what is held ends a block, or a line or sentence in which nothing is left open. */
    static boolean complete(StringBuilder held, boolean markdown) {
        int n = held.length();
        char last = held.charAt(n - 1);
        if (last == '\n') {
            boolean blank = n > 1 && blankBefore(held, n - 1);
            return closed(held) && (blank || !markdown && balanced(held));
        }
        boolean stop = last == ' ' && n > 1 && ".!?".indexOf(held.charAt(n - 2)) >= 0;
        return stop && n > 8 && !markdown && closed(held) && balanced(held);
    }

    private static boolean blankBefore(CharSequence held, int newline) {
        int i = newline - 1;
        while (i >= 0
                && (held.charAt(i) == ' ' || held.charAt(i) == '\r' || held.charAt(i) == '\t')) {
            i--;
        }
        return i < 0 || held.charAt(i) == '\n';
    }

    /** Whether no comment, style, script or fence is open. */
    static boolean closed(StringBuilder held) {
        return closed(held, "<!--", "-->")
                && closed(held, "<style", "</style>")
                && closed(held, "<script", "</script>")
                && closed(held, "<pre", "</pre>")
                && !fenced(held, "```")
                && !fenced(held, "~~~");
    }

    private static boolean closed(StringBuilder held, String open, String close) {
        int last = held.lastIndexOf(open);
        return last < 0 || held.indexOf(close, last) >= 0;
    }

    private static boolean fenced(StringBuilder held, String fence) {
        int fences = 0;
        for (int i = held.indexOf(fence); i >= 0; i = held.indexOf(fence, i + 3)) {
            fences += i == 0 || held.charAt(i - 1) == '\n' ? 1 : 0;
        }
        return fences % 2 != 0;
    }

    /** Whether every mark that was opened is closed. */
    private static boolean balanced(CharSequence held) {
        int stars = 0;
        int lines = 0;
        int quotes = 0;
        int dollars = 0;
        int brackets = 0;
        int angles = 0;
        int equals = 0;
        int formulas = 0;
        for (int i = 0; i < held.length(); i++) {
            switch (held.charAt(i)) {
                case '*' -> stars++;
                case '_' -> lines++;
                case '`' -> quotes++;
                case '$' -> dollars++;
                case '[' -> brackets++;
                case ']' -> brackets--;
                case '<' -> angles++;
                case '>' -> angles -= angles > 0 ? 1 : 0;
                case '=' -> equals++;
                case '\\' ->
                        formulas +=
                                i + 1 < held.length() && "()[]".indexOf(held.charAt(i + 1)) >= 0
                                        ? 1
                                        : 0;
                default -> {}
            }
        }
        return (stars | lines | quotes | dollars | equals | formulas) % 2 == 0
                && brackets == 0
                && angles == 0;
    }

    private static char at(String text, int i) {
        return i >= 0 && i < text.length() ? text.charAt(i) : ' ';
    }
}
