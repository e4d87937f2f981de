package dev.skald.cuda.driver;

/** A kernel in a context. Safe for many threads. */
public final class Kernel {
    /** Shared memory that every kernel may have. */
    private static final int PLAIN_SHARED = 48 << 10;

    private final String name;
    private final Driver driver;
    private final long function;
    private volatile int allowed = PLAIN_SHARED;
    private volatile boolean prefersShared;

    Kernel(String name, Driver driver, long function) {
        this.name = name;
        this.driver = driver;
        this.function = function;
    }

    /** The function, allowed so much dynamic shared memory. */
    long function(int shared) {
        if (shared > allowed) {
            synchronized (this) {
                if (shared > allowed) {
                    driver.allowShared(function, shared);
                    allowed = shared;
                }
            }
        }
        return function;
    }

    /**
     * Asks for as much shared memory and as little first-level cache as a multiprocessor can have.
     * A kernel that wants the same split as the one before it can begin on a multiprocessor before
     * that one has ended there.
     */
    public Kernel preferShared() {
        if (!prefersShared) {
            driver.preferShared(function);
            prefersShared = true;
        }
        return this;
    }

    @Override
    public String toString() {
        return name;
    }
}
