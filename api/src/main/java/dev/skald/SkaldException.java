package dev.skald;

import org.jspecify.annotations.Nullable;

/**
 * The root of Skald's exceptions. The message is one line that says what is wrong and what to do.
 */
public class SkaldException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public SkaldException(String message) {
        super(message);
    }

    public SkaldException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
