package dev.skald.text.english;

import dev.skald.text.normalize.Compatible;
import dev.skald.text.normalize.TextNormalizer;
import dev.skald.text.normalize.UnicodeCleanup;
import dev.skald.text.origins.Origins;
import dev.skald.text.words.CalendarNames;
import dev.skald.text.words.Currencies;
import dev.skald.text.words.Phonemes;
import dev.skald.text.words.Reading;
import dev.skald.text.words.Roman;
import dev.skald.text.words.Units;
import dev.skald.text.words.Words;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * English as it is said, in American style.
 *
 * <p>One walk over the text: at each word, number or sign the rules for what begins there are asked
 * in turn, and what none of them reads is copied. Each rule sees a bounded stretch of text, so the
 * time is linear. The rules' tables are loaded when the first text needs them: a plain sentence
 * needs none but the abbreviations.
 */
public final class EnglishNormalizer implements TextNormalizer {
    /** A reading may make room for another rule; further rounds make sure that none is left. */
    private static final int MOST_ROUNDS = 4;

    @Override
    public String normalize(CharSequence text, @Nullable Origins origins) {
        Origins all = origins == null ? null : Origins.same(text.length());
        String said = clean(text.toString(), all);
        for (int round = 0; round < MOST_ROUNDS; round++) {
            Origins made = all == null ? null : new Origins();
            // A reading before a combining mark composes with it.
            String next = clean(round(said, made), made);
            if (next.equals(said)) {
                break;
            }
            if (all != null && made != null) {
                made.through(all);
                all = made;
            }
            said = next;
        }
        if (origins != null && all != null) {
            origins.add(all, 0);
        }
        return UnicodeCleanup.speakable(said) ? said : "";
    }

    /**
     * @param origins of the text; those of what is given in the end
     */
    private static String clean(String text, @Nullable Origins origins) {
        String clean = UnicodeCleanup.clean(text);
        String compatible = Compatible.fold(clean, "en");
        String folded = EnglishCharacters.fold(compatible);
        if (origins != null) {
            origins.changed(text, clean);
            origins.changed(clean, compatible);
            origins.changed(compatible, folded);
        }
        return folded;
    }

    private static String round(String text, @Nullable Origins origins) {
        Spoken out = new Spoken(text.length() + 16, origins);
        int n = text.length();
        int numberEnd = -2;
        int i = 0;
        while (i < n) {
            int raw = Phonemes.end(text, i);
            if (raw > i) {
                out.raw(text, i, raw);
                i = raw;
                continue;
            }
            Reading reading = joint(text, i, numberEnd);
            if (reading == null) {
                reading = read(text, i);
            }
            if (reading != null) {
                out.words(reading.words(), i, reading.end());
                i = reading.end();
                numberEnd = reading.number() ? i : numberEnd;
                continue;
            }
            int end = WordRules.end(text, i);
            end = end > i ? end : i + Character.charCount(text.codePointAt(i));
            out.copy(text, i, end);
            i = end;
        }
        return out.finish();
    }

    private static @Nullable Reading read(String text, int i) {
        char c = text.charAt(i);
        if (Character.isLetter(c)) {
            return WordRules.read(text, i);
        }
        if (c == ' ') {
            return null;
        }
        boolean fraction = c >= '¼' && c <= '¾' || c >= '⅐' && c <= '⅞';
        if (fraction || NumberRules.startsNumber(text, i)) {
            Reading number =
                    c == '.' && !Words.edge(text, i - 1) ? null : NumberRules.read(text, i);
            if (number != null) {
                return number;
            }
        }
        if (Currencies.symbol(c)) {
            Currencies.Currency currency = Currencies.at(text, i);
            Reading money = currency == null ? null : NumberRules.money(text, currency);
            if (money != null) {
                return money;
            }
        }
        if ((c == '+' || c == '(') && Character.isDigit(Words.at(text, i + 1))) {
            Reading telephone = Rule.first(CodeRules.NUMERIC, text, i);
            if (telephone != null) {
                return telephone;
            }
        }
        return SymbolRules.read(text, i);
    }

    /** What a dash, an "x" or a slash says between two numbers. */
    private static @Nullable Reading joint(String text, int i, int numberEnd) {
        boolean spaced = i == numberEnd + 1 && Words.at(text, i - 1) == ' ';
        if (i != numberEnd && !spaced) {
            return null;
        }
        char c = text.charAt(i);
        boolean gap = Words.at(text, i + 1) == ' ';
        int next = gap ? i + 2 : i + 1;
        char follows = Words.at(text, next);
        boolean negative = follows == '-' && Character.isDigit(Words.at(text, next + 1));
        boolean number = Character.isDigit(follows) || Currencies.symbol(follows);
        return switch (c) {
            case '-', '–' -> {
                String after = Words.after(text, next);
                boolean month = Words.capitalised(after) && CalendarNames.named(after);
                boolean word =
                        !spaced && (month || Words.in("times-of-day", after))
                                || spaced
                                        && gap
                                        && month
                                        && Character.isDigit(
                                                Words.at(text, next + after.length() + 1));
                boolean minus =
                        c == '-'
                                && (spaced == gap || gap)
                                && (spaced && negative || equationFollows(text, next));
                boolean letter = Character.isLetter(follows) && Words.edge(text, next + 1);
                if (minus && (number || negative || letter)) {
                    yield Reading.of("minus", i + 1);
                }
                boolean roman =
                        !gap && Roman.afterNumbered(Words.after(text, next).split("-", 2)[0]);
                yield (number && spaced == gap) || word || roman ? Reading.of("to", i + 1) : null;
            }
            case 'x', 'X', '×' -> {
                boolean measure = measureFollows(text, next);
                boolean times =
                        c == '×' && spaced && !measure
                                || spaced && gap && (equationFollows(text, next) || asked(text, i));
                yield number && (spaced == gap || c == '×' && measure)
                        ? Reading.of(times || Currencies.symbol(follows) ? "times" : "by", i + 1)
                        : null;
            }
            case '/' -> {
                if (spaced || gap || !Character.isLetter(follows)) {
                    yield null;
                }
                // "Phase II/III": both are said.
                yield Roman.value(Words.after(text, next)) > 0
                        ? Reading.of("", i + 1)
                        : per(text, i + 1);
            }
            default -> null;
        };
    }

    private static @Nullable Reading per(String text, int i) {
        Units.Unit unit = Units.at(text, i);
        if (unit != null) {
            return Reading.of("per " + unit.one(), unit.end());
        }
        return Words.after(text, i).length() > 1 ? Reading.of("per", i) : null;
    }

    /** "What is 6 x 7?" */
    private static boolean asked(String text, int i) {
        String before = text.substring(Math.max(0, i - 24), i).toLowerCase(Locale.ROOT);
        return before.contains("what is ")
                || before.contains("what's ")
                || before.contains("calculate ");
    }

    /** Whether the number at {@code i} is a length. */
    private static boolean measureFollows(String text, int i) {
        Quantity number = i < text.length() ? Quantity.at(text, i) : null;
        return number != null && Units.after(text, number.end()) != null;
    }

    /** Whether numbers and signs lead to a sign of equality: "- 3 + 1 = 2". */
    private static boolean equationFollows(String text, int i) {
        for (int k = i; k < Math.min(text.length(), i + 40); k++) {
            char c = text.charAt(k);
            if (c == '=') {
                return true;
            }
            boolean word = Character.isLetter(c) && Character.isLetter(Words.at(text, k + 1));
            if (word || ";?!".indexOf(c) >= 0) {
                return false;
            }
        }
        return false;
    }
}
