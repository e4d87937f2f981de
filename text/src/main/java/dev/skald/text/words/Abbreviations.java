package dev.skald.text.words;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The table {@code abbreviations-en.tsv}, and whether a full stop ends a sentence. */
public final class Abbreviations {
    /** What an abbreviation does to the sentence it stands in; told in the head of the table. */
    public enum Kind {
        TITLE,
        MID,
        END,
        NUMBER,
        NAME,
        AFTER,
        PLAIN
    }

    /**
     * One abbreviation.
     *
     * @param reading what is said
     * @param kind where it counts
     */
    public record Entry(String reading, Kind kind) {}

    private static final int LONGEST = 12;

    private static final class Table {
        private static final Map<String, Entry> ENTRIES = load();

        private static Map<String, Entry> load() {
            Map<String, Entry> entries = new HashMap<>();
            for (String[] row : Resources.table("abbreviations-en.tsv").values()) {
                entries.put(
                        row[0], new Entry(row[1], Kind.valueOf(row[2].toUpperCase(Locale.ROOT))));
            }
            return entries;
        }
    }

    private Abbreviations() {}

    /** The entry for a word as written, its full stop included if it has one. */
    public static @Nullable Entry find(String word) {
        if (word.length() > LONGEST) {
            return null;
        }
        Entry exact = Table.ENTRIES.get(word);
        boolean initial =
                word.length() == 2
                        && Character.isUpperCase(word.charAt(0))
                        && word.charAt(1) == '.';
        if (exact != null || initial) {
            return exact;
        }
        Entry lower = Table.ENTRIES.get(word.toLowerCase(Locale.ROOT));
        return lower != null ? lower : calendar(word, word.length() - 1);
    }

    /** "JAN." and "jan.", but for those that are words in small letters. */
    private static @Nullable Entry calendar(String word, int end) {
        boolean dot = end >= 3 && end <= 5 && word.charAt(end) == '.';
        String name = dot ? word.substring(0, end) : "";
        if (!dot || !CalendarNames.named(name)) {
            return null;
        }
        String title =
                Character.toUpperCase(name.charAt(0)) + name.substring(1).toLowerCase(Locale.ROOT);
        boolean shouted = name.equals(name.toUpperCase(Locale.ROOT));
        return shouted || !Words.in("also-words", title) ? Table.ENTRIES.get(title + ".") : null;
    }

    /** "AB-12": capitals and a number. */
    public static boolean code(String word) {
        return word.length() > 1
                && Character.isUpperCase(word.charAt(0))
                && Character.isDigit(word.charAt(word.length() - 1));
    }

    /**
     * Whether the full stop at {@code dot} ends a sentence, judged by the word before and the word
     * after. The text must reach some words beyond it, or end where the whole text ends.
     */
    public static boolean endsSentence(CharSequence text, int dot) {
        int next = nextVisible(text, dot + 1);
        if (next >= text.length()) {
            return true;
        }
        if (next == dot + 1 || !Character.isWhitespace(text.charAt(next - 1))) {
            return false;
        }
        int first = next;
        while (first < text.length() && opener(text.charAt(first))) {
            first++;
        }
        char follows = Words.at(text, first);
        if (follows == '.') {
            return false;
        }
        int start = wordStart(text, dot);
        String word = text.subSequence(start, dot).toString();
        boolean lower = Character.isLowerCase(follows);
        if (word.isEmpty() || Character.isDigit(Words.at(text, start - 1))) {
            // "3.5. Then", "20M. Then"; but "10min. later".
            return word.isEmpty() || !lower;
        }
        char gap = Words.at(text, start - 1);
        boolean counts = (gap == ' ' || gap == '-') && Character.isDigit(Words.at(text, start - 2));
        if (counts && (lower || Units.known(word))) {
            boolean shouted = upper(word) && Character.isUpperCase(Words.at(text, first + 1));
            return Character.isUpperCase(follows) && !shouted;
        }
        if (squared(text, start)) {
            return Character.isUpperCase(follows);
        }
        if (lower && (word.equalsIgnoreCase("sq") || word.equalsIgnoreCase("cu")) && counts) {
            return false;
        }
        String following = Words.after(text.subSequence(first, text.length()).toString(), 0);
        boolean starter = Words.capitalised(following) && Words.in("starters", following);
        boolean capital = Character.isUpperCase(follows);
        if (word.equalsIgnoreCase("st") || word.equalsIgnoreCase("dr")) {
            return starter && Words.capitalised(nameBefore(text, start));
        }
        Entry entry = find(text.subSequence(start, dot + 1).toString());
        if (entry != null) {
            return switch (entry.kind) {
                case TITLE, MID, PLAIN -> false;
                // "Martin Luther King Jr. Drive"
                case END ->
                        capital
                                && (starter
                                        || !word.equalsIgnoreCase("jr")
                                                && !word.equalsIgnoreCase("sr"))
                                && text.charAt(next) != '('
                                && !calendar(following)
                                && !(clock(word) && opening(text, start))
                                && !(upper(following) && (clock(word) || upper(word)));
                case NUMBER ->
                        capital
                                && !Roman.afterNumbered(following)
                                && !code(following)
                                && !(following.equals("I") && alone(text, first + 1));
                case NAME -> !capital && !numbered(text, start, dot, follows);
                case AFTER -> starter;
            };
        }
        if (word.length() == 1 && Character.isUpperCase(word.charAt(0))) {
            return starter || (capital && word.equals("I"));
        }
        if (lower && !vowels(word)) {
            return false;
        }
        boolean letters = word.length() > 2 && word.charAt(word.length() - 2) == '.';
        return !letters || starter;
    }

    /** "Ste. 400": the same letters that are a name's part elsewhere. */
    private static boolean numbered(CharSequence text, int start, int dot, char follows) {
        String word = text.subSequence(start, dot + 1).toString().toLowerCase(Locale.ROOT);
        Entry entry = Table.ENTRIES.get(word);
        return Character.isDigit(follows) && entry != null && entry.kind == Kind.NUMBER;
    }

    /** The entry for a word before what it says something of: "Ste. 400" is a suite. */
    public static @Nullable Entry find(String word, char follows) {
        Entry entry = find(word);
        if (entry != null && entry.kind == Kind.NAME && Character.isDigit(follows)) {
            Entry lower = Table.ENTRIES.get(word.toLowerCase(Locale.ROOT));
            return lower != null && lower.kind == Kind.NUMBER ? lower : entry;
        }
        return entry;
    }

    /** Whether the full stop at {@code dot} can end a sentence, whatever follows. */
    public static boolean mayEnd(CharSequence text, int dot) {
        Entry entry = find(text.subSequence(wordStart(text, dot), dot + 1).toString());
        return entry == null
                || switch (entry.kind) {
                    case END, AFTER -> true;
                    default -> false;
                };
    }

    /** Whether "sq." or "cu." goes before. */
    private static boolean squared(CharSequence text, int start) {
        String before = start < 4 ? "" : text.subSequence(start - 4, start).toString();
        return before.equalsIgnoreCase("sq. ") || before.equalsIgnoreCase("cu. ");
    }

    /** The word before {@code start} unless it only looks like a name. */
    public static String nameBefore(CharSequence text, int start) {
        int from = Math.max(0, start - 2 * LONGEST);
        String near = text.subSequence(from, start).toString();
        String word = Words.before(near, near.length());
        return Words.in("function-words", word) ? "" : word;
    }

    private static boolean clock(String word) {
        return word.equalsIgnoreCase("a.m") || word.equalsIgnoreCase("p.m");
    }

    /** "Vol. I, page 3": nothing goes on behind the letter. */
    private static boolean alone(CharSequence text, int i) {
        return i >= text.length() || ",.:;)–-".indexOf(text.charAt(i)) >= 0;
    }

    /** "At 5 a.m. I rose": the sentence has only begun. */
    private static boolean opening(CharSequence text, int start) {
        if (start > 40) {
            return false;
        }
        String[] words = text.subSequence(0, start).toString().strip().split(" ");
        return words.length <= 4 && Words.in("openers", words[0]);
    }

    /** Whether a word is written in capitals: "EST", "CO". */
    private static boolean upper(String word) {
        return word.length() > 1
                && Character.isUpperCase(word.charAt(0))
                && word.equals(word.toUpperCase(Locale.ROOT));
    }

    /** Without one a word is an abbreviation: "pkg." */
    private static boolean vowels(String word) {
        for (int i = 0; i < word.length(); i++) {
            if ("aeiouyAEIOUY".indexOf(word.charAt(i)) >= 0 || word.charAt(i) > 0x7F) {
                return true;
            }
        }
        return false;
    }

    private static boolean calendar(String word) {
        return CalendarNames.named(word);
    }

    /** Where what follows begins, beyond closing marks and white space. */
    private static int nextVisible(CharSequence text, int from) {
        int i = from;
        while (i < text.length() && closer(text.charAt(i))) {
            i++;
        }
        while (i < text.length() && Character.isWhitespace(text.charAt(i))) {
            i++;
        }
        return i;
    }

    private static int wordStart(CharSequence text, int end) {
        int i = end;
        while (i > 0 && end - i < LONGEST) {
            char c = text.charAt(i - 1);
            boolean inner = c == '.' && i < end && Character.isLetter(text.charAt(i));
            if (!Character.isLetter(c) && !inner) {
                break;
            }
            i--;
        }
        return i;
    }

    public static boolean closer(char c) {
        return "\"'”’»)]}*_".indexOf(c) >= 0;
    }

    private static boolean opener(char c) {
        return "\"'“‘«([{*_".indexOf(c) >= 0;
    }
}
