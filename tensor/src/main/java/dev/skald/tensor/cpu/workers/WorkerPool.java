package dev.skald.tensor.cpu.workers;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed set of workers. The caller is worker 0 and takes part. The others spin for a moment while
 * they wait for work, then park. Items are taken from a shared counter, so any worker may run any
 * item, and an item must write only to memory of its own. The caller waits until all items are
 * done, not for the workers: one that wakes late finds nothing left and delays nobody.
 *
 * <p>One caller at a time uses the workers. A second caller runs its items alone meanwhile.
 */
public final class WorkerPool implements AutoCloseable {
    /** One piece of an op. */
    public interface Task {
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
    private final AtomicInteger parked = new AtomicInteger();
    private volatile @Nullable Job current;
    private volatile boolean closed;

    /** One op's items. */
    private static final class Job {
        private final Task task;
        private final int count;
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicInteger done = new AtomicInteger();
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

        Job(Task task, int count) {
            this.task = task;
            this.count = count;
        }

        void work(int worker) {
            for (int i; (i = next.getAndIncrement()) < count; ) {
                try {
                    if (failure.get() == null) {
                        task.run(i, worker);
                    }
                } catch (RuntimeException | Error e) {
                    failure.compareAndSet(null, e);
                } finally {
                    done.incrementAndGet();
                }
            }
        }
    }

    public WorkerPool(int threads) {
        this.threads = threads;
        workers = new Thread[threads - 1];
        for (int i = 0; i < workers.length; i++) {
            int id = i + 1;
            Thread t = new Thread(() -> serve(id), "skald-cpu-" + id);
            t.setDaemon(true);
            workers[i] = t;
            t.start();
        }
    }

    public int threads() {
        return threads;
    }

    /** Runs items 0 up to {@code count} and returns when all are done. */
    public void run(int count, Task task) {
        if (threads == 1 || count <= 1 || closed || !busy.compareAndSet(false, true)) {
            for (int i = 0; i < count; i++) {
                task.run(i, 0);
            }
            return;
        }
        Job job = new Job(task, count);
        try {
            current = job;
            if (parked.get() > 0) {
                for (Thread t : workers) {
                    LockSupport.unpark(t);
                }
            }
            job.work(0);
            for (int spin = 0; job.done.get() < count; spin++) {
                if (spin < SPINS) {
                    Thread.onSpinWait();
                } else {
                    Thread.yield();
                }
            }
        } finally {
            current = null;
            busy.set(false);
        }
        Throwable thrown = job.failure.get();
        if (thrown instanceof RuntimeException e) {
            throw e;
        } else if (thrown instanceof Error e) {
            throw e;
        }
    }

    private void serve(int id) {
        Job seen = null;
        while (!closed) {
            Job job = current;
            for (int spin = 0; (job == null || job == seen) && spin < SPINS; spin++) {
                Thread.onSpinWait();
                job = current;
            }
            if (job == null || job == seen) {
                parked.incrementAndGet();
                job = current;
                if ((job == null || job == seen) && !closed) {
                    LockSupport.park(this);
                }
                parked.decrementAndGet();
                continue;
            }
            seen = job;
            job.work(id);
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
