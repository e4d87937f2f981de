package dev.skald.chatterbox.text;

import java.nio.file.Path;
import java.util.Optional;

/** The tokenizer of the Original model ({@code EnTokenizer}). */
public final class EnglishTokenizer implements TextTokenizer {
    private final WhitespaceBpe tokenizer;

    /**
     * @param file {@code tokenizer.json}
     * @throws dev.skald.VoiceException if it cannot be read
     */
    public EnglishTokenizer(Path file) {
        tokenizer = new WhitespaceBpe(file);
    }

    @Override
    public int[] encode(String text, Optional<String> language) {
        return tokenizer.encode(text);
    }

    @Override
    public int vocabularySize() {
        return tokenizer.size();
    }
}
