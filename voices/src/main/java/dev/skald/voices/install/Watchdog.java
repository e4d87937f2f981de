package dev.skald.voices.install;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Ends a body that stands still: a read has no timeout of its own. */
final class Watchdog implements AutoCloseable {
    private final AtomicLong last = new AtomicLong(System.nanoTime());
    private final AtomicBoolean bitten = new AtomicBoolean();
    private final Thread thread;

    Watchdog(InputStream body, Duration patience) {
        thread =
                Thread.ofVirtual()
                        .start(
                                () -> {
                                    try {
                                        while (System.nanoTime() - last.get()
                                                < patience.toNanos()) {
                                            Thread.sleep(Math.max(1, patience.toMillis() / 10));
                                        }
                                        bitten.set(true);
                                        body.close();
                                    } catch (InterruptedException | IOException e) {
                                        // Over, one way or the other.
                                    }
                                });
    }

    void fed() {
        last.set(System.nanoTime());
    }

    boolean bitten() {
        return bitten.get();
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
