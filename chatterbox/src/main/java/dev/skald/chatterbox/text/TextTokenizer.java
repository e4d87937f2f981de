package dev.skald.chatterbox.text;

import java.util.Optional;

/** Turns cleaned text into the ids a model was trained on. Safe for many threads. */
public interface TextTokenizer {
    /**
     * Ids without the start and stop tokens.
     *
     * @param language {@code fr}; only the multilingual model looks at it
     */
    int[] encode(String text, Optional<String> language);

    /** How many ids there may be; one more than the largest. */
    int vocabularySize();
}
