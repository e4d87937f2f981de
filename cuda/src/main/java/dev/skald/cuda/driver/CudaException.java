package dev.skald.cuda.driver;

import dev.skald.tensor.DeviceException;
import org.jspecify.annotations.Nullable;

/** A call of the driver failed, or there is no driver. */
public class CudaException extends DeviceException {
    private static final long serialVersionUID = 1;

    /** Not of the driver. */
    static final int NONE = -1;

    /** The driver's number for "out of memory". */
    static final int OUT_OF_MEMORY = 2;

    /** The driver's number for "named symbol not found". */
    static final int NOT_FOUND = 500;

    private final int code;

    CudaException(String message, int code) {
        this(message, code, null);
    }

    CudaException(String message, int code, @Nullable Throwable cause) {
        super(message, kind(code), cause);
        this.code = code;
    }

    /**
     * The errors after which every call of a context fails; source: the CUDA driver API. 999, an
     * unknown error, is what a card gives that is no longer on the bus.
     */
    private static Kind kind(int code) {
        return switch (code) {
            case OUT_OF_MEMORY -> Kind.OUT_OF_MEMORY;
            case 214, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 999 -> Kind.LOST;
            default -> Kind.FAILED;
        };
    }

    int code() {
        return code;
    }
}
