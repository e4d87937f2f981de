package dev.skald;

import org.jspecify.annotations.Nullable;

/** The audio that came out is not speech: not finite, silent, or of an implausible length. */
public class InvalidAudioException extends SkaldException {
    private static final long serialVersionUID = 1L;

    public InvalidAudioException(String message) {
        super(message);
    }

    public InvalidAudioException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
