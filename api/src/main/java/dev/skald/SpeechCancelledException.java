package dev.skald;

import org.jspecify.annotations.Nullable;

/** The speech was cancelled while a chunk was awaited. */
public class SpeechCancelledException extends SkaldException {
    private static final long serialVersionUID = 1L;

    public SpeechCancelledException(String message) {
        super(message);
    }

    public SpeechCancelledException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
