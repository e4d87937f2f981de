package dev.skald;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The request itself cannot be spoken: empty text, a value out of range, an unknown speaker. */
public class InvalidRequestException extends SkaldException {
    private static final long serialVersionUID = 1L;

    private final @Nullable String parameter;

    public InvalidRequestException(String message) {
        super(message);
        parameter = null;
    }

    /**
     * @param parameter what of the request is wrong, as {@link SpeechRequest} calls it
     */
    public InvalidRequestException(String parameter, String message) {
        super(message);
        this.parameter = parameter;
    }

    public InvalidRequestException(String message, @Nullable Throwable cause) {
        super(message, cause);
        parameter = null;
    }

    /** What of the request is wrong, if that is one thing. */
    public Optional<String> parameter() {
        return Optional.ofNullable(parameter);
    }
}
