package dev.skald.server.admission;

import dev.skald.server.http.ApiError;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who may speak now: a bounded number at once, a bounded number waiting in order of arrival. A
 * caller that leaves while it waits gives its place up at once. One that listens slowly does not
 * keep others waiting: while it takes nothing, somebody else may speak.
 */
public final class Admission {
    private final int most;
    private final int longest;
    private final Duration patience;
    private final Deque<CompletableFuture<@Nullable Void>> waiting = new ArrayDeque<>();
    private int speaking;
    private int stalled;
    private long uses;
    private long lastUse = System.nanoTime();

    public Admission(int most, int longest, Duration patience) {
        this.most = most;
        this.longest = longest;
        this.patience = patience;
    }

    /** A place among those who speak, until it is closed. */
    public final class Place implements AutoCloseable {
        private boolean given = true;
        private boolean stalls;

        private Place() {}

        /**
         * Its listener takes nothing for now: another may speak beside it. Each such speech keeps
         * its memory, so there are at most twice as many of them as places.
         */
        public void stall() {
            synchronized (Admission.this) {
                if (given && !stalls && stalled < 2 * most) {
                    stalls = true;
                    stalled++;
                    release();
                }
            }
        }

        /** Its listener takes audio again: it goes on at once, even if that makes one too many. */
        public void resume() {
            synchronized (Admission.this) {
                if (stalls) {
                    stalls = false;
                    stalled--;
                    speaking++;
                }
            }
        }

        @Override
        public void close() {
            synchronized (Admission.this) {
                if (given) {
                    resume();
                    given = false;
                    release();
                }
            }
        }
    }

    /**
     * Waits for a place.
     *
     * @param onLeave is given what to do when the caller leaves
     * @throws ApiError 429 if too many wait, 503 if it took too long, 499 if the caller has left
     */
    public Place enter(Consumer<Runnable> onLeave) {
        CompletableFuture<@Nullable Void> turn = new CompletableFuture<>();
        synchronized (this) {
            if (speaking < most) {
                speaking++;
                return new Place();
            }
            if (waiting.size() >= longest) {
                throw ApiError.busy(
                        "too many requests: " + most + " speak and " + longest + " wait; try again",
                        1);
            }
            waiting.add(turn);
        }
        onLeave.accept(() -> turn.cancel(false));
        try {
            turn.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            return new Place();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw given(turn, ApiError.later("shutting_down", "the server is shutting down"));
        } catch (TimeoutException e) {
            throw given(
                    turn,
                    ApiError.later(
                            "queue_timeout",
                            "no place became free within "
                                    + patience.toSeconds()
                                    + " s; try again"));
        } catch (ExecutionException | java.util.concurrent.CancellationException e) {
            throw given(
                    turn, ApiError.refused(499, "client_closed_request", "the caller has left"));
        }
    }

    /** Leaves the queue; a place that was given in the same moment goes to the next. */
    private ApiError given(CompletableFuture<@Nullable Void> turn, ApiError error) {
        boolean waited;
        synchronized (this) {
            waited = waiting.remove(turn);
        }
        if (!waited && turn.isDone() && !turn.isCancelled()) {
            release();
        }
        return error;
    }

    private synchronized void release() {
        speaking--;
        uses++;
        while (speaking < most) {
            CompletableFuture<@Nullable Void> next = waiting.poll();
            if (next == null) {
                break;
            }
            if (next.complete(null)) {
                speaking++;
            }
        }
        lastUse = System.nanoTime();
        notifyAll();
    }

    /** How many have begun to speak, those whose listener takes nothing too. */
    public synchronized int speaking() {
        return speaking + stalled;
    }

    public synchronized int queued() {
        return waiting.size();
    }

    /** How often a place was given back: changes whenever something was done. */
    public synchronized long uses() {
        return uses;
    }

    /** For how long nobody has had a place; zero while somebody has. */
    public synchronized Duration idle() {
        return speaking() > 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - lastUse);
    }

    /** Waits until nobody speaks or waits. False if that did not come to be in time. */
    public synchronized boolean awaitIdle(Duration most) throws InterruptedException {
        long deadline = System.nanoTime() + most.toNanos();
        while (speaking() > 0 || !waiting.isEmpty()) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return false;
            }
            wait(left);
        }
        return true;
    }
}
