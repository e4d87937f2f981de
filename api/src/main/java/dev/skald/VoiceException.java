package dev.skald;

import org.jspecify.annotations.Nullable;

/** A voice or model is unknown, not installed, damaged or of another architecture. */
public class VoiceException extends SkaldException {
    private static final long serialVersionUID = 1L;

    public VoiceException(String message) {
        super(message);
    }

    public VoiceException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
