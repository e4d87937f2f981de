package dev.skald.text.english;

import dev.skald.text.words.NumberWords;
import dev.skald.text.words.Reading;
import dev.skald.text.words.Resources;
import dev.skald.text.words.Words;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** References to the Bible: "Matt. 5:3", "1 Cor. 13:4-7". */
final class Verses {
    private static final String[] NUMBERS = {"First ", "Second ", "Third "};

    private static final class Books {
        private static final Map<String, String[]> ROWS = Resources.table("bible-en.tsv");
    }

    private static final List<Rule> RULES =
            List.of(
                    new Rule(
                            ":",
                            "(?<book>[A-Z][a-z]{1,14})(?<dot>\\.?) (?<c>\\d{1,3}):(?<v>\\d{1,3})(?:[-–](?<w>\\d{1,3}))?(?!\\w)",
                            hit -> read(hit, "")));

    private Verses() {}

    static @Nullable Reading at(String text, int i) {
        return Rule.first(RULES, text, i);
    }

    static @Nullable String read(Rule.Hit hit, String number) {
        String[] row = Books.ROWS.get(hit.group("book"));
        boolean whole = !hit.has("dot") || hit.group("dot").isEmpty();
        String book =
                row != null
                        ? row[1]
                        : whole && Words.in("verses", hit.group("book")) ? hit.group("book") : "";
        if (book.isEmpty()) {
            return null;
        }
        String words =
                (number.isEmpty() ? "" : NUMBERS[Integer.parseInt(number) - 1])
                        + book
                        + " "
                        + NumberWords.cardinal(hit.group("c"))
                        + " "
                        + NumberWords.cardinal(hit.group("v"));
        return hit.has("w") ? words + " to " + NumberWords.cardinal(hit.group("w")) : words;
    }
}
