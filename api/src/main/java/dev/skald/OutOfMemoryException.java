package dev.skald;

import org.jspecify.annotations.Nullable;

/** There was not enough memory for a model or a speech. Nothing of it is kept; others go on. */
public class OutOfMemoryException extends SkaldException {
    private static final long serialVersionUID = 1L;

    public OutOfMemoryException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
