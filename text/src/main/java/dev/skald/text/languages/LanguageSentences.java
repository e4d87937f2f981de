package dev.skald.text.languages;

import dev.skald.text.split.SentenceEnds;
import dev.skald.text.words.Words;

/** Where sentences end in a language other than English. */
public final class LanguageSentences implements SentenceEnds {
    /** A number longer than this with a full stop is no ordinal: a year ends a sentence. */
    private static final int LONGEST_ORDINAL = 3;

    private final Language language;

    /**
     * @param tag the language
     */
    public LanguageSentences(String tag) {
        language = Language.of(tag);
    }

    @Override
    public boolean endsSentence(CharSequence text, int dot) {
        int next = dot + 1;
        while (next < text.length()
                && (Character.isWhitespace(text.charAt(next)) || opens(text.charAt(next)))) {
            next++;
        }
        if (next >= text.length()) {
            return true;
        }
        char follows = text.charAt(next);
        if (Character.isDigit(Words.at(text, dot - 1))) {
            return !ordinal(text, dot, next);
        }
        boolean capital = Character.isUpperCase(follows);
        int start = Language.wordStart(text, dot);
        String word = text.subSequence(start, dot + 1).toString();
        Language.Entry entry = language.find(word);
        if (entry != null) {
            return switch (entry.kind()) {
                case MID, PLAIN -> false;
                case NUMBER -> !Character.isDigit(follows) && !Character.isLowerCase(follows);
                case END -> !Character.isLowerCase(follows) && !Character.isDigit(follows);
            };
        }
        // "z. B." is written with a space too.
        if (word.length() == 2
                && Words.at(text, next + 1) == '.'
                && language.find(word + follows + ".") != null) {
            return false;
        }
        // An initial before a name, and letters with dots before anything small.
        if (word.length() == 2 && Character.isUpperCase(word.charAt(0)) && capital) {
            return starts(word(text, next));
        }
        if (Character.isDigit(follows) && word.endsWith("str.")) {
            return false; // "Hauptstr. 5"
        }
        boolean letters = word.length() == 3 && upper(word);
        if (letters && capital && upper(word(text, next) + ".") && !starts(word(text, next))) {
            return false; // "EE. UU."
        }
        boolean part = word.length() == 2 || word.length() == 3 && afterLetter(text, start);
        return !(Character.isLowerCase(follows)
                && (part || letters || dotted(word) || withoutVowel(word)));
    }

    /** Two or more capitals and a full stop. */
    private static boolean upper(String word) {
        for (int i = 0; i < word.length() - 1; i++) {
            if (!Character.isUpperCase(word.charAt(i))) {
                return false;
            }
        }
        return word.length() > 2;
    }

    /** "p. ex.": whether a letter with a full stop goes before. */
    private static boolean afterLetter(CharSequence text, int start) {
        return Words.at(text, start - 1) == ' '
                && Words.at(text, start - 2) == '.'
                && Character.isLetter(Words.at(text, start - 3))
                && Words.edge(text, start - 4);
    }

    @Override
    public boolean mayEnd(CharSequence text, int dot) {
        Language.Entry entry =
                language.find(text.subSequence(Language.wordStart(text, dot), dot + 1).toString());
        return entry == null || entry.kind() == Language.Kind.END;
    }

    @Override
    public boolean starts(String word) {
        return language.starters().contains(word);
    }

    private boolean ordinal(CharSequence text, int dot, int next) {
        int start = dot;
        while (start > 0 && Character.isDigit(text.charAt(start - 1))) {
            start--;
        }
        if (!language.ordinals()
                || dot - start > LONGEST_ORDINAL
                || !Words.edge(text, start - 1)
                || Words.at(text, start - 1) == '.'
                || Words.at(text, start - 1) == ',') {
            return Character.isLowerCase(text.charAt(next)) && dot - start <= 2;
        }
        String word = word(text, next);
        return !word.isEmpty() && !starts(word) || Character.isDigit(text.charAt(next));
    }

    private static String word(CharSequence text, int from) {
        int end = from;
        while (end < text.length() && Character.isLetter(text.charAt(end))) {
            end++;
        }
        return text.subSequence(from, end).toString();
    }

    private static boolean dotted(String word) {
        return word.indexOf('.') < word.length() - 1;
    }

    private static boolean withoutVowel(String word) {
        for (int i = 0; i < word.length() - 1; i++) {
            if ("aeiouyAEIOUY".indexOf(word.charAt(i)) >= 0 || word.charAt(i) > 0x7F) {
                return false;
            }
        }
        return word.length() > 1;
    }

    private static boolean opens(char c) {
        return "\"'“‘«„([{*_¿¡".indexOf(c) >= 0;
    }
}
