package dev.skald.text.languages;

import dev.skald.text.normalize.Compatible;
import dev.skald.text.normalize.TextNormalizer;
import dev.skald.text.normalize.UnicodeCleanup;
import dev.skald.text.origins.Origins;
import dev.skald.text.words.Phonemes;
import dev.skald.text.words.Words;
import org.jspecify.annotations.Nullable;

/**
 * A language without rules of its own: characters that mean the same are written in one way,
 * abbreviations and a minus are said, and a comma stands apart from the next word. The rest is
 * eSpeak NG's.
 */
public final class LanguageNormalizer implements TextNormalizer {
    private final Language language;

    /**
     * @param tag the language
     */
    public LanguageNormalizer(String tag) {
        language = Language.of(tag);
    }

    @Override
    public String normalize(CharSequence text, @Nullable Origins origins) {
        String clean = UnicodeCleanup.clean(text);
        String folded = Compatible.fold(clean, language.code());
        Origins made = origins == null ? null : new Origins();
        String said = said(folded, made);
        if (origins != null && made != null) {
            Origins before = Origins.same(text.length());
            before.changed(text.toString(), clean);
            before.changed(clean, folded);
            made.through(before);
            made.changed(said, UnicodeCleanup.clean(said));
            origins.add(made, 0);
        }
        clean = UnicodeCleanup.clean(said);
        return UnicodeCleanup.speakable(clean) ? clean : "";
    }

    private String said(String text, @Nullable Origins origins) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        int i = marker(text);
        while (i < text.length()) {
            int from = i;
            i = step(text, i, out);
            if (origins != null && i - from == out.length() - origins.size()) {
                origins.copied(out.length(), from);
            } else if (origins != null) {
                origins.said(out.length(), from, i);
            }
        }
        return out.toString();
    }

    /** Says what stands at {@code i}; gives where it ends. */
    private int step(String text, int i, StringBuilder out) {
        int raw = Phonemes.end(text, i);
        if (raw > i) {
            out.append(text, i, raw);
            return raw;
        }
        char c = text.charAt(i);
        if (Character.isLetter(c) && Words.edge(text, i - 1)) {
            int end = abbreviation(text, i, out);
            if (end == i) {
                end = word(text, i);
                out.append(text, i, end);
            }
            return end;
        }
        boolean inner =
                Character.isLetter(Words.at(text, i - 1))
                        && Character.isLetter(Words.at(text, i + 1));
        if (c == '`' && inner) {
            out.append('\'');
        } else if (minus(text, i)) {
            out.append(language.minus()).append(' ');
        } else {
            out.append(c);
            if ((c == ',' || c == ';') && inner) {
                out.append(' ');
            }
        }
        return i + 1;
    }

    /** Where the text of a heading or list item begins: "# Titel", "- eins". */
    private static int marker(String text) {
        int i = 0;
        while (i < 6 && Words.at(text, i) == '#') {
            i++;
        }
        boolean item = i == 0 && text.length() > 1 && "-*•".indexOf(text.charAt(0)) >= 0;
        i = item ? 1 : i;
        return i > 0 && i < text.length() && text.charAt(i) == ' ' ? i + 1 : 0;
    }

    /** Says the abbreviation at {@code i}; gives where it ends, {@code i} if there is none. */
    private int abbreviation(String text, int i, StringBuilder out) {
        int end = word(text, i);
        // "z.B.", "c.-à-d.": letters with dots between, also over spaces: "z. B."
        int last = end;
        while (last < text.length() && last - i < 12) {
            char c = text.charAt(last);
            boolean goesOn =
                    Character.isLetter(c)
                            || c == '.'
                            || c == '-' && Words.at(text, last - 1) == '.'
                            || c == 'º';
            if (!goesOn) {
                break;
            }
            last++;
        }
        if (end == i + 1
                && text.startsWith(". ", end)
                && Words.at(text, end + 3) == '.'
                && say(
                        language.find(
                                text.substring(i, end + 1) + text.substring(end + 2, end + 4)),
                        text,
                        i,
                        end + 4,
                        out)) {
            return end + 4;
        }
        for (int stop = last; stop >= end; stop--) {
            boolean whole =
                    stop == text.length()
                            || !Character.isLetter(text.charAt(stop))
                            || text.charAt(stop - 1) == '.';
            Language.Entry entry = whole ? language.find(text.substring(i, stop)) : null;
            if (say(entry, text, i, stop, out)) {
                return stop;
            }
        }
        return i;
    }

    private static boolean say(
            Language.@Nullable Entry entry, String text, int i, int end, StringBuilder out) {
        if (entry == null || !counts(entry, text, end)) {
            return false;
        }
        String reading = entry.reading();
        boolean capital = Character.isUpperCase(text.charAt(i));
        out.append(capital ? Character.toUpperCase(reading.charAt(0)) : reading.charAt(0));
        out.append(reading, 1, reading.length());
        boolean stop = entry.kind() == Language.Kind.END && text.charAt(end - 1) == '.';
        if (stop && text.substring(end).isBlank()) {
            out.append('.');
        }
        return true;
    }

    private static boolean counts(Language.Entry entry, String text, int end) {
        int next = Words.at(text, end) == ' ' ? end + 1 : end;
        boolean number = Character.isDigit(Words.at(text, next));
        return switch (entry.kind()) {
            case NUMBER -> number;
            case MID -> text.charAt(end - 1) != '.' || end < text.length();
            default -> true;
        };
    }

    /** A sign before a number that nothing stands before. */
    private boolean minus(String text, int i) {
        char c = text.charAt(i);
        return (c == '-' || c == '−')
                && !language.minus().isEmpty()
                && Character.isDigit(Words.at(text, i + 1))
                && " (\"'[=+*/<>:„“«".indexOf(Words.at(text, i - 1)) >= 0
                && !(Words.at(text, i - 1) == ' ' && Character.isDigit(Words.at(text, i - 2)));
    }

    private static int word(String text, int i) {
        int end = i;
        while (end < text.length() && Character.isLetterOrDigit(text.charAt(end))) {
            end++;
        }
        return Math.max(end, i + 1);
    }
}
