package dev.skald.server.http;

import io.vertx.core.Context;
import io.vertx.core.Future;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A connection seen from other threads: work is done on its event loop, and whoever asked for it
 * waits until it is done, so that a slow reader slows the speaker down instead of filling the
 * memory.
 */
final class Wire {
    private static final String LEFT = "the caller has left";

    private final Context loop;
    private final Departure departure;

    Wire(Context loop, Departure departure) {
        this.loop = loop;
        this.departure = departure;
    }

    /** Does it on the event loop, some time. */
    void later(Runnable work) {
        loop.runOnContext(ignored -> work.run());
    }

    /** Does it on the event loop and waits for its end, or for the caller's leaving. */
    void await(Supplier<Future<?>> work) throws IOException {
        CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
        Runnable left = () -> done.completeExceptionally(new IOException(LEFT));
        departure.onLeave(left);
        later(
                () -> {
                    if (done.isDone()) {
                        return;
                    }
                    try {
                        work.get()
                                .onComplete(ok -> done.complete(null), done::completeExceptionally);
                    } catch (RuntimeException e) {
                        done.completeExceptionally(e);
                    }
                });
        try {
            done.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(String.valueOf(cause.getMessage()), cause);
        } finally {
            departure.forget(left);
        }
    }
}
