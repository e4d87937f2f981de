package dev.skald.tensor;

import dev.skald.SkaldException;
import org.jspecify.annotations.Nullable;

/** A device failed; what it was doing for others may go on unless it is {@link Kind#LOST}. */
public class DeviceException extends SkaldException {
    private static final long serialVersionUID = 1;

    /** What can be done about it. */
    public enum Kind {
        /** Nothing of it can be used any more; opened anew, the device may work again. */
        LOST,
        /** There is no memory left, though what was idle has been freed. */
        OUT_OF_MEMORY,
        /** Anything else: a driver that is missing, a call that it refused. */
        FAILED
    }

    private final Kind kind;

    public DeviceException(String message, Kind kind, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public final Kind kind() {
        return kind;
    }
}
