package dev.skald;

import org.jspecify.annotations.Nullable;

/** The request itself cannot be spoken: empty text, a value out of range, an unknown speaker. */
public class InvalidRequestException extends SkaldException {
    private static final long serialVersionUID = 1L;

    public InvalidRequestException(String message) {
        super(message);
    }

    public InvalidRequestException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
