package dev.skald.voices.install;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Ends a body that stands still or comes too slowly: a read has no timeout of its own. In each
 * stretch of the given length enough bytes must arrive.
 */
final class Watchdog implements AutoCloseable {
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicReference<String> reason = new AtomicReference<>("");
    private final Thread thread;

    /**
     * @param slowest bytes a second
     */
    Watchdog(InputStream body, Duration stretch, int slowest) {
        double enough = Math.max(1, slowest * (stretch.toNanos() * 1e-9));
        thread = Thread.ofVirtual().start(() -> watch(body, stretch, enough));
    }

    private void watch(InputStream body, Duration stretch, double enough) {
        try {
            long came;
            do {
                Thread.sleep(stretch);
                came = bytes.getAndSet(0);
            } while (came >= enough);
            reason.set(
                    came == 0
                            ? "the download stands still"
                            : "the download is too slow (%d bytes in %d s)"
                                    .formatted(came, stretch.toSeconds()));
            body.close();
        } catch (InterruptedException | IOException e) {
            // Over, one way or the other.
        }
    }

    void fed(int count) {
        bytes.addAndGet(count);
    }

    /** Why the body was ended; empty if it was not. */
    Optional<String> reason() {
        return Optional.of(reason.get()).filter(r -> !r.isEmpty());
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
