package dev.skald.text.english;

import dev.skald.text.split.SentenceEnds;
import dev.skald.text.words.Abbreviations;
import dev.skald.text.words.Words;

/** Where English sentences end. */
public final class EnglishSentences implements SentenceEnds {
    @Override
    public boolean endsSentence(CharSequence text, int dot) {
        return Abbreviations.endsSentence(text, dot);
    }

    @Override
    public boolean mayEnd(CharSequence text, int dot) {
        return Abbreviations.mayEnd(text, dot);
    }

    @Override
    public boolean starts(String word) {
        return Words.in("starters", word);
    }
}
