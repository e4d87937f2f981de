package dev.skald.espeak;

import dev.skald.SkaldException;
import org.jspecify.annotations.Nullable;

/** eSpeak NG failed on a text: the sandbox is gone, nothing else is. */
final class SandboxException extends SkaldException {
    private static final long serialVersionUID = 1L;

    SandboxException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
