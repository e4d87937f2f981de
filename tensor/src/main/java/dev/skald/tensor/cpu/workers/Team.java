package dev.skald.tensor.cpu.workers;

/**
 * Who computes the ops of one stream: its caller alone, or with the workers of a pool. For one
 * thread at a time.
 */
public final class Team {
    private final WorkerPool pool;
    private boolean alone;

    public Team(WorkerPool pool) {
        this.pool = pool;
    }

    /** The most threads that may ever compute an op. */
    public int threads() {
        return pool.threads();
    }

    /** Whether the caller computes what follows without the workers. */
    public void alone(boolean alone) {
        this.alone = alone;
    }

    /** As {@link WorkerPool#run}. */
    public void run(int count, WorkerPool.Task task) {
        if (alone) {
            for (int i = 0; i < count; i++) {
                task.run(i, 0);
            }
        } else {
            pool.run(count, task);
        }
    }
}
