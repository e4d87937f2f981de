package dev.skald.server.speech;

import dev.skald.server.http.ApiError;
import dev.skald.server.http.Budget;
import java.io.Reader;
import java.time.Duration;

/**
 * Text that is spoken while it arrives: one thread appends, another reads. Appending never waits;
 * what was appended and not read yet is bounded.
 */
public final class TextPipe extends Reader {
    private static final long BYTES_A_CHARACTER = 2;

    private final int most;
    private final Duration patience;
    private final Budget.Share share;
    private final StringBuilder text = new StringBuilder();
    private boolean ended;

    /**
     * @param most characters that may wait to be read
     * @param patience for how long a reader waits for more before it takes the text to be complete
     * @param share of the memory for what waits
     */
    public TextPipe(int most, Duration patience, Budget.Share share) {
        this.most = most;
        this.share = share;
        this.patience = patience;
    }

    /**
     * Adds to the text; nothing happens after its end.
     *
     * @throws ApiError 400 if too much waits, 503 if there is no room for it
     */
    public synchronized void append(String more) {
        if (ended) {
            return;
        }
        if (text.length() + more.length() > most) {
            throw ApiError.invalid(
                    "text",
                    "string_above_max_length",
                    "more than " + most + " characters wait to be spoken: send them later");
        }
        if (!share.take(BYTES_A_CHARACTER * more.length())) {
            throw Budget.spent();
        }
        text.append(more);
        notifyAll();
    }

    /** The text is complete. */
    public synchronized void end() {
        ended = true;
        notifyAll();
    }

    /** Whether nothing more is taken. */
    public synchronized boolean ended() {
        return ended;
    }

    @Override
    public synchronized int read(char[] into, int offset, int length)
            throws java.io.InterruptedIOException {
        if (length == 0) {
            return 0;
        }
        long deadline = System.nanoTime() + patience.toNanos();
        while (text.isEmpty() && !ended) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                ended = true;
                break;
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new java.io.InterruptedIOException("interrupted");
            }
        }
        if (text.isEmpty()) {
            return -1;
        }
        int n = Math.min(length, text.length());
        text.getChars(0, n, into, offset);
        text.delete(0, n);
        share.give(BYTES_A_CHARACTER * n);
        return n;
    }

    @Override
    public synchronized boolean ready() {
        return ended || !text.isEmpty();
    }

    /** Whoever reads wants no more. */
    @Override
    public synchronized void close() {
        end();
        share.give(BYTES_A_CHARACTER * text.length());
        text.setLength(0);
    }
}
