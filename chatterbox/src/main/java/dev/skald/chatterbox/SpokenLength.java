package dev.skald.chatterbox;

/**
 * How long a text is when it is said, in letters of an alphabet: about 15 a second. Chinese says
 * some 5 characters a second, Japanese and Korean not many more.
 */
final class SpokenLength {
    private static final int SYLLABLE = 3;

    private SpokenLength() {}

    static int of(CharSequence text) {
        return text.codePoints().map(SpokenLength::weight).sum();
    }

    private static int weight(int c) {
        return switch (Character.UnicodeScript.of(c)) {
            case HAN, HIRAGANA, KATAKANA, HANGUL -> SYLLABLE;
            default -> 1;
        };
    }
}
