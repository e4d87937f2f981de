package dev.skald.text.english;

import dev.skald.text.words.Abbreviations;
import dev.skald.text.words.Reading;
import dev.skald.text.words.Words;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Stops and what is written with them: ellipses, names with dots, marks of citation, faces. */
final class Stops {
    private static final class Markup {
        private static final List<Rule> RULES =
                List.of(
                        new Rule(
                                "]",
                                "\\[[1-9]\\d{0,2}(?:[,–-] ?[1-9]\\d{0,2}){0,5}\\](?=[\\s.,;:!?)\\[A-Z]|$)(?! ?=)",
                                Stops::citation),
                        new Rule(
                                ":",
                                ":(?<name>[a-z]+(?:_[a-z]+)*|\\+1|-1):(?!\\w)",
                                Stops::shortName),
                        new Rule("", "[:;=]['-]?[()DPp/|](?![\\w(])", Stops::emoticon));
    }

    private Stops() {}

    /** A comma, colon or semicolon: part of a face, or glued to the next word. */
    static @Nullable Reading mark(String text, int i) {
        char c = text.charAt(i);
        Reading face =
                c == ',' || !mayBeFace(text, i, c) ? null : Rule.first(Markup.RULES, text, i);
        return face != null || !glued(text, i) ? face : Reading.of(c + " ", i + 1);
    }

    /** A mark of citation or a face; null if none begins at {@code i}. */
    static @Nullable Reading markup(String text, int i) {
        return Rule.first(Markup.RULES, text, i);
    }

    /** A stop between two words without a space: "Tom,Dick", "Answer:yes", "no;5". */
    static boolean glued(String text, int i) {
        char before = Words.at(text, i - 1);
        char after = Words.at(text, i + 1);
        return (Character.isLetter(before) || ")]\"'".indexOf(before) >= 0 && i > 0)
                && (Character.isLetter(after) || Character.isDigit(after) && text.charAt(i) != ':');
    }

    /** An ellipsis is a pause in the middle of a sentence and a full stop at its end. */
    static @Nullable Reading dots(String text, int i) {
        int end = i;
        while (Words.at(text, end) == '.'
                || Words.at(text, end) == '…'
                || (Words.at(text, end) == ' '
                        && end > i
                        && Words.at(text, end + 1) == '.'
                        && !Character.isDigit(Words.at(text, end + 2)))) {
            end++;
        }
        if (end == i + 1 && text.charAt(i) == '.') {
            boolean path = Words.at(text, end) == '/' && Words.edge(text, i - 1);
            return path || insideName(text, i) ? Reading.of("dot", end) : null;
        }
        if (end == i + 2 && Words.at(text, end) == '/') {
            return Reading.of("dot dot", end);
        }
        if (i > 1 && Words.at(text, i - 1) == ' ' && ",;:".indexOf(text.charAt(i - 2)) >= 0) {
            return Reading.of("", end);
        }
        int next = end;
        while (Abbreviations.closer(Words.at(text, next)) && next < text.length()) {
            next++;
        }
        char follows = Words.at(text, next);
        if (i == 0 || "([\"' —–-".indexOf(Words.at(text, i - 1)) >= 0 && i < 2) {
            return Reading.of("", end);
        }
        if ("!?,;:".indexOf(follows) >= 0) {
            return Reading.of("", end);
        }
        if (next >= text.length()) {
            return Reading.of(".", end);
        }
        boolean sentence = follows == ' ' && Character.isUpperCase(Words.at(text, next + 1));
        return Reading.of(sentence ? "." : follows == ' ' || next > end ? "," : ", ", end);
    }

    /** "np.zeros", "java.lang.String": a dot with words of more than a letter around it. */
    private static boolean insideName(String text, int i) {
        boolean words =
                Character.isLetter(Words.at(text, i - 1))
                        && Character.isLetter(Words.at(text, i + 1))
                        && (Character.isLetter(Words.at(text, i - 2))
                                || Character.isLetter(Words.at(text, i + 2)));
        return words
                && (Character.isLowerCase(text.charAt(i + 1))
                        || text.lastIndexOf(' ', i) < text.lastIndexOf('.', i - 1));
    }

    static @Nullable Reading apostrophe(String text, int i) {
        boolean digits =
                Character.isDigit(Words.at(text, i + 1))
                        && Character.isDigit(Words.at(text, i + 2));
        boolean quarter =
                Character.isDigit(Words.at(text, i - 1))
                        && Character.isLetter(Words.at(text, i - 2));
        return digits && (quarter || Words.edge(text, i - 1))
                ? Rule.first(DateRules.NUMERIC, text, i)
                : null;
    }

    private static boolean mayBeFace(String text, int i, char c) {
        char next = Words.at(text, i + 1);
        return "'-()DPp/|".indexOf(next) >= 0
                || c == ':' && (next == '+' || next >= 'a' && next <= 'z');
    }

    private static @Nullable String citation(Rule.Hit hit) {
        char previous = hit.previous();
        // "as shown [12]." is a mark, "as in [12]" is read.
        boolean spaced =
                previous == ' '
                        && ".,;:)".indexOf(Words.at(hit.text(), hit.match().end())) >= 0
                        && Character.isLetter(Words.at(hit.text(), hit.match().start() - 2))
                        && !Words.in("cites", hit.before());
        return Character.isLetterOrDigit(previous) || ".,;:!?\"')]".indexOf(previous) >= 0 || spaced
                ? ""
                : null;
    }

    /** ":thumbs_up:" as chats write a picture. */
    private static @Nullable String shortName(Rule.Hit hit) {
        if (hit.previous() != ' ' || hit.next() != ' ' && ".,!?".indexOf(hit.next()) < 0) {
            return null;
        }
        return switch (hit.group("name")) {
            case "+1" -> "thumbs up";
            case "-1" -> "thumbs down";
            default -> hit.group("name").replace('_', ' ');
        };
    }

    private static @Nullable String emoticon(Rule.Hit hit) {
        boolean apart = hit.previous() == ' ';
        boolean ends = hit.next() == ' ' || ".,!?".indexOf(hit.next()) >= 0;
        return apart && ends ? "" : null;
    }
}
