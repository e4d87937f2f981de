package dev.skald.text;

import dev.skald.SkaldException;
import org.jspecify.annotations.Nullable;

/** A lexicon file cannot be read; the message names the file and the line. */
public class LexiconException extends SkaldException {
    private static final long serialVersionUID = 1L;

    public LexiconException(String message) {
        super(message);
    }

    public LexiconException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
