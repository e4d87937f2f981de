package dev.skald.tensor.cpu;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed set of workers. The caller is worker 0 and takes part; the others wait for work, spinning
 * for a moment and then parked. Items are taken from a shared counter, so which worker runs an item
 * is open: an item must write only what is its own.
 *
 * <p>One caller at a time has the workers; a second one meanwhile runs its items by itself.
 */
final class Pool implements AutoCloseable {
    /** One piece of an op. */
    interface Task {
        /**
         * @param worker 0 up to the number of threads: for scratch memory
         */
        void run(int item, int worker);
    }

    /** About 20 microseconds: longer than the gap between two ops, shorter than a time slice. */
    private static final int SPINS = 400;

    private final int threads;
    private final Thread[] workers;
    private final AtomicBoolean busy = new AtomicBoolean();
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger done = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private @Nullable Task task;
    private int items;
    private final AtomicInteger generation = new AtomicInteger();
    private volatile boolean closed;

    Pool(int threads) {
        this.threads = threads;
        workers = new Thread[threads - 1];
        for (int i = 0; i < workers.length; i++) {
            int id = i + 1;
            Thread t = new Thread(() -> work(id), "skald-cpu-" + id);
            t.setDaemon(true);
            workers[i] = t;
            t.start();
        }
    }

    int threads() {
        return threads;
    }

    /** Runs items 0 up to {@code count} and returns when all are done. */
    void run(int count, Task job) {
        if (threads == 1 || count <= 1 || closed || !busy.compareAndSet(false, true)) {
            for (int i = 0; i < count; i++) {
                job.run(i, 0);
            }
            return;
        }
        try {
            task = job;
            items = count;
            next.setPlain(0);
            done.setPlain(0);
            generation.incrementAndGet();
            for (Thread t : workers) {
                LockSupport.unpark(t);
            }
            take(job, count, 0);
            while (done.get() < threads - 1) {
                Thread.onSpinWait();
            }
            task = null;
            Throwable thrown = failure.getAndSet(null);
            if (thrown instanceof RuntimeException e) {
                throw e;
            } else if (thrown instanceof Error e) {
                throw e;
            }
        } finally {
            busy.set(false);
        }
    }

    private void take(Task job, int count, int worker) {
        try {
            for (int i; (i = next.getAndIncrement()) < count; ) {
                job.run(i, worker);
            }
        } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, e);
            next.set(count);
        }
    }

    private void work(int id) {
        int seen = 0;
        while (true) {
            for (int spin = 0; generation.get() == seen; spin++) {
                if (closed) {
                    return;
                }
                if (spin < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                }
            }
            seen = generation.get();
            Task job = task;
            if (job != null) {
                take(job, items, id);
            }
            done.incrementAndGet();
        }
    }

    @Override
    public void close() {
        closed = true;
        for (Thread t : workers) {
            LockSupport.unpark(t);
        }
    }
}
