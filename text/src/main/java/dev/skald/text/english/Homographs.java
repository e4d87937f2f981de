package dev.skald.text.english;

import dev.skald.text.words.Resources;
import dev.skald.text.words.Words;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Which of two readings a word has, by the words around it, out of {@code spelling-en.tsv}. */
public final class Homographs {
    private record Rule(String spelling, String kind, Set<String> words) {}

    private static final class Table {
        private static final Map<String, List<Rule>> RULES = load();

        private static Map<String, List<Rule>> load() {
            Map<String, List<Rule>> rules = new HashMap<>();
            for (String line : Resources.lines("spelling-en.tsv")) {
                String[] row = line.split("\t", -1);
                String[] kind = row[2].split(" ", 2);
                Set<String> words =
                        kind.length < 2 ? Set.of() : new HashSet<>(List.of(kind[1].split(" ")));
                rules.computeIfAbsent(row[0], key -> new ArrayList<>(1))
                        .add(new Rule(row[1], kind[0], words));
            }
            return rules;
        }
    }

    private Homographs() {}

    /** How the word from {@code i} to {@code end} is spelled for its reading; empty to leave it. */
    public static String spelling(String text, int i, int end) {
        List<Rule> rules = Table.RULES.get(text.substring(i, end).toLowerCase(Locale.ROOT));
        if (rules == null) {
            return "";
        }
        for (Rule rule : rules) {
            if (holds(rule, text, i, end)) {
                return rule.spelling;
            }
        }
        return "";
    }

    private static boolean holds(Rule rule, String text, int i, int end) {
        String before = lower(Words.before(text, i));
        String after = lower(Words.after(text, end));
        return switch (rule.kind) {
            case "verb" -> verb(text, i, before, after);
            case "past" -> past(text, i, before, after);
            case "subject" -> Words.in("subjects", before) && Words.in("determiners", after);
            case "next" ->
                    Words.at(text, end) == ' ' && rule.words.contains(after)
                            || rule.words.contains(hyphened(text, end));
            case "before" ->
                    rule.words.contains(before)
                            && !startsClause(text, i)
                            && !Words.in("determiners", after);
            case "near" -> near(text, rule.words);
            default -> true;
        };
    }

    private static String hyphened(String text, int end) {
        return Words.at(text, end) == '-' ? lower(Words.after(text, end + 1)) : "";
    }

    /** A command with its object, or a word that only a verb follows. */
    private static boolean verb(String text, int i, String before, String after) {
        if (Words.in("before-verbs", before) && !startsClause(text, i)) {
            return true;
        }
        boolean begins = startsClause(text, i) || Words.in("before-commands", before);
        return begins && Words.in("determiners", after);
    }

    private static boolean past(String text, int i, String before, String after) {
        if (Words.in("perfects", before)) {
            return true;
        }
        String two = lower(Words.before(text, i - before.length() - 1));
        if (Words.in("pronouns", before) && Words.in("perfect-questions", two)) {
            return true; // "Have you read it?"
        }
        boolean asked =
                Words.in("before-verbs", two)
                        || Words.in("auxiliaries", two)
                        || Words.in("auxiliaries", before);
        if (asked || Words.in("before-verbs", before) && !Words.in("pronouns", before)) {
            return false;
        }
        String name = Words.before(text, i);
        boolean subject =
                before.equals("he")
                        || before.equals("she")
                        || Words.capitalised(name)
                                && !Words.in("function-words", name)
                                && !startsClause(text, i)
                                && Words.in("determiners", after);
        return subject || Words.in("pronouns", before) && near(text, Words.list("past-times"));
    }

    /** Whether nothing but an opening mark stands before the word in its clause. */
    private static boolean startsClause(String text, int i) {
        int k = i;
        while (k > 0 && " \"'(".indexOf(text.charAt(k - 1)) >= 0) {
            k--;
        }
        return k == 0 || ".!?:;,—–".indexOf(text.charAt(k - 1)) >= 0;
    }

    private static boolean near(String text, Set<String> words) {
        for (int i = 0; i < text.length(); ) {
            int end = i;
            while (end < text.length() && Character.isLetter(text.charAt(end))) {
                end++;
            }
            if (end > i && words.contains(lower(text.substring(i, end)))) {
                return true;
            }
            i = Math.max(end, i + 1);
        }
        return false;
    }

    private static String lower(String word) {
        return word.toLowerCase(Locale.ROOT);
    }
}
