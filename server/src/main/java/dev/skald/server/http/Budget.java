package dev.skald.server.http;

/**
 * Bytes that callers have sent and the server holds, of all callers together: bodies, and texts
 * that wait to be spoken. Safe for many threads.
 */
public final class Budget {
    private final long most;
    private long held;

    /**
     * @param most bytes that may be held at once
     */
    public Budget(long most) {
        this.most = most;
    }

    private synchronized boolean take(long bytes) {
        if (bytes > most - held) {
            return false;
        }
        held += bytes;
        return true;
    }

    private synchronized void give(long bytes) {
        held -= bytes;
    }

    /** What a caller is told for whom there is no room. */
    public static ApiError spent() {
        return ApiError.later(
                "too_much_at_once",
                "other requests hold the memory there is for what callers send: try again");
    }

    /** What one caller holds, until this is closed. */
    public final class Share implements AutoCloseable {
        private long bytes;
        private boolean closed;

        /** Takes so many more; false if there are not that many. */
        public synchronized boolean take(long more) {
            if (closed || !Budget.this.take(more)) {
                return false;
            }
            bytes += more;
            return true;
        }

        /** So many of them are not held any more. */
        public synchronized void give(long some) {
            if (!closed) {
                bytes -= some;
                Budget.this.give(some);
            }
        }

        @Override
        public synchronized void close() {
            if (!closed) {
                closed = true;
                Budget.this.give(bytes);
            }
        }
    }

    /** A share that is empty yet. */
    public Share share() {
        return new Share();
    }
}
