package dev.skald;

import org.jspecify.annotations.Nullable;

/** No engine can serve the mode asked for. */
public class EngineUnavailableException extends SkaldException {
    private static final long serialVersionUID = 1L;

    public EngineUnavailableException(String message) {
        super(message);
    }

    public EngineUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
