package dev.skald.cuda.driver;

import dev.skald.SkaldException;

/** A call of the driver failed, or there is no driver. */
public class CudaException extends SkaldException {
    private static final long serialVersionUID = 1;

    /** The driver's number for "out of memory". */
    static final int OUT_OF_MEMORY = 2;

    private final int code;

    CudaException(String message, int code) {
        super(message);
        this.code = code;
    }

    CudaException(String message, Throwable cause) {
        super(message, cause);
        code = -1;
    }

    /** Whether the card has no memory left. */
    public boolean outOfMemory() {
        return code == OUT_OF_MEMORY;
    }
}
