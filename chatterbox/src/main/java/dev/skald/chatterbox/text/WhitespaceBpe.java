package dev.skald.chatterbox.text;

import static dev.skald.chatterbox.text.PunctuationNorm.isSpace;

import java.nio.file.Path;
import java.util.stream.IntStream;

/**
 * The tokenizer of Original and Multilingual: blanks become a token of their own, words and runs of
 * signs are encoded each by itself.
 */
final class WhitespaceBpe {
    private static final String SPACE = "[SPACE]";

    private final Bpe bpe;

    WhitespaceBpe(Path file) {
        bpe = TokenizerFile.readBpe(file);
        for (String needed : new String[] {"[START]", "[STOP]"}) {
            if (bpe.id(needed) < 0) {
                throw TokenizerFile.bad(file, "it has no token " + needed);
            }
        }
    }

    int size() {
        return bpe.size();
    }

    int[] encode(String text) {
        IntStream.Builder ids = IntStream.builder();
        bpe.split(text.replace(" ", SPACE), ids::add, rest -> words(rest, ids));
        return ids.build().toArray();
    }

    /** Splits into {@code \w+|[^\w\s]+}. */
    private void words(String text, IntStream.Builder ids) {
        int from = 0;
        int kind = 0;
        for (int i = 0; i <= text.length(); ) {
            int c = i < text.length() ? text.codePointAt(i) : -1;
            int next = c < 0 || isSpace(c) ? 0 : isWord(c) ? 1 : 2;
            if (next != kind) {
                if (kind != 0) {
                    bpe.encode(text.substring(from, i), ids::add);
                }
                from = i;
                kind = next;
            }
            i += c < 0 ? 1 : Character.charCount(c);
        }
    }

    /** Unicode's word characters (UTS 18). */
    private static boolean isWord(int c) {
        return Character.isAlphabetic(c)
                || c == 0x200c
                || c == 0x200d
                || switch (Character.getType(c)) {
                    case Character.NON_SPACING_MARK,
                            Character.COMBINING_SPACING_MARK,
                            Character.ENCLOSING_MARK,
                            Character.DECIMAL_DIGIT_NUMBER,
                            Character.CONNECTOR_PUNCTUATION ->
                            true;
                    default -> false;
                };
    }
}
