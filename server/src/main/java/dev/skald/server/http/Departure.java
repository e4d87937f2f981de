package dev.skald.server.http;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether a caller still listens, and what is to be done when it leaves. One may be part of
 * another's: a speech of a connection ends with the connection, and alone. Safe for many threads.
 */
public final class Departure implements AutoCloseable {
    private final @Nullable Departure whole;
    private final Runnable leave = this::leave;
    private final Set<Runnable> then = new LinkedHashSet<>();
    private boolean gone;

    public Departure() {
        whole = null;
    }

    /**
     * @param whole whose leaving is also this one's, until this is closed
     */
    public Departure(Departure whole) {
        this.whole = whole;
        whole.onLeave(leave);
    }

    /** Runs {@code action} once when the caller leaves; at once if it has. */
    public void onLeave(Runnable action) {
        synchronized (this) {
            if (!gone) {
                then.add(action);
                return;
            }
        }
        action.run();
    }

    /** {@code action} is not to be run any more. */
    public synchronized void forget(Runnable action) {
        then.remove(action);
    }

    /** Whether nobody listens any more. */
    public synchronized boolean left() {
        return gone;
    }

    /** The caller leaves. */
    public void leave() {
        List<Runnable> all;
        synchronized (this) {
            if (gone) {
                return;
            }
            gone = true;
            all = List.copyOf(then);
            then.clear();
        }
        all.forEach(Runnable::run);
    }

    /** Its end, well or not: the whole need not tell it any more. */
    @Override
    public void close() {
        if (whole != null) {
            whole.forget(leave);
        }
    }
}
