package dev.skald.engine;

import dev.skald.SkaldException;
import dev.skald.tensor.Backend;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Advances the speeches of one device, whoever asked for them, step by step on as many threads as
 * may compute. Steps of jobs that name the same {@link SpeechJob.Batch} are done together.
 *
 * <p>Next comes, in this order: a speech that got less than half of its fair share so far; one that
 * nobody heard anything of yet, in the order of asking; the one whose listener would run dry first;
 * and of those that nobody listens to before their end, the one that was served least.
 *
 * <p>Safe for many threads.
 */
final class Scheduler implements AutoCloseable {
    /** Seconds by which a speech may be behind half of its share before it goes first. */
    private static final double PATIENCE = 0.5;

    private static final System.Logger LOG = System.getLogger(Scheduler.class.getName());

    private static final Map<Backend, Scheduler> SHARED = new IdentityHashMap<>();

    private final @Nullable Backend device;
    private final int threads;
    private final LongSupplier clock;
    final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final List<Speaker> speakers = new ArrayList<>();
    private final Set<SpeechJob.Batch> busy = Collections.newSetFromMap(new IdentityHashMap<>());
    private int workers;
    private int idle;
    private int users = 1;
    private boolean closed;

    private long sharedUntil;

    private Scheduler(@Nullable Backend device, int threads, LongSupplier clock) {
        this.device = device;
        this.threads = threads;
        this.clock = clock;
        sharedUntil = now();
    }

    /**
     * One of its own, for tests.
     *
     * @param clock what it takes for nanoseconds
     */
    static Scheduler of(int threads, LongSupplier clock) {
        return new Scheduler(null, threads, clock);
    }

    /**
     * The scheduler of a device, shared by all that open it; to be closed before the device is.
     *
     * @param threads how many steps may run side by side, at least 1
     */
    static Scheduler open(Backend device, int threads) {
        synchronized (SHARED) {
            Scheduler known = SHARED.get(device);
            if (known == null) {
                known = new Scheduler(device, threads, System::nanoTime);
                SHARED.put(device, known);
            } else {
                known.users++;
            }
            return known;
        }
    }

    /**
     * Takes a speech in. Its text is read from now on; it is computed once {@link Speaker#begin} or
     * {@link Speaker#next} was called.
     *
     * @param onEnd called once, when nothing of it runs any more
     */
    Speaker speak(SpeechPlan plan, Consumer<Speaker> onEnd) {
        Speaker speaker = new Speaker(this, plan, onEnd);
        lock.lock();
        try {
            if (closed) {
                throw new SkaldException("the engine is closed");
            }
            account();
            speakers.add(speaker);
        } finally {
            lock.unlock();
        }
        speaker.readText();
        return speaker;
    }

    // --- called by speakers, with the lock held --------------------------------------------------

    /** Nanoseconds of its clock. */
    long now() {
        return clock.getAsLong();
    }

    /** Something may be ready to run. */
    void wake() {
        if (closed) {
            return;
        }
        if (idle > 0) {
            work.signal();
        } else if (workers < threads) {
            String name = "skald-speech-" + workers++;
            Thread.ofPlatform().daemon().name(name).start(this::work);
        }
    }

    void left(Speaker speaker) {
        account();
        speakers.remove(speaker);
    }

    // --- workers ---------------------------------------------------------------------------------

    private void work() {
        lock.lock();
        try {
            while (!closed) {
                List<Speaker.Lane> chosen = choose();
                if (chosen.isEmpty()) {
                    idle++;
                    work.awaitUninterruptibly();
                    idle--;
                    continue;
                }
                int alone = Math.max(1, threads / Math.clamp(ready(), 1, threads));
                chosen.forEach(lane -> lane.starts(alone));
                SpeechJob.Batch batch = chosen.getFirst().batch();
                if (batch != null) {
                    busy.add(batch);
                }
                if (anyLeft()) {
                    wake();
                }
                long start = now();
                lock.unlock();
                try {
                    run(chosen);
                } finally {
                    lock.lock();
                    busy.remove(batch);
                    account();
                    double seconds = (now() - start) * 1e-9 / chosen.size();
                    chosen.forEach(lane -> lane.stopped(seconds));
                }
                for (Speaker.Lane lane : chosen) {
                    release(lane.speaker());
                }
            }
        } finally {
            workers--;
            lock.unlock();
        }
    }

    private static void run(List<Speaker.Lane> lanes) {
        SpeechJob.Batch batch = lanes.getFirst().batch();
        if (batch != null) {
            try {
                lanes.forEach(Speaker.Lane::joins);
                batch.run();
            } catch (Throwable e) {
                lanes.forEach(lane -> lane.fails(e));
                return;
            }
        }
        boolean all = batch != null && batch.light();
        for (Speaker.Lane lane : lanes) {
            // Who got what it wanted goes on by itself, and lets the batch do its next step.
            if (all || lane.batch() == batch) {
                lane.step();
            }
        }
    }

    /** Frees a speech that has ended; the lock is held, and not while it frees. */
    void release(Speaker speaker) {
        List<Runnable> frees = speaker.frees();
        if (!frees.isEmpty()) {
            lock.unlock();
            try {
                for (Runnable free : frees) {
                    try {
                        free.run();
                    } catch (RuntimeException e) { // of a device that failed
                        LOG.log(System.Logger.Level.DEBUG, "while a speech was freed", e);
                    }
                }
            } finally {
                lock.lock();
            }
        }
    }

    private boolean anyLeft() {
        for (Speaker speaker : speakers) {
            if (candidate(speaker) != null) {
                return true;
            }
        }
        return false;
    }

    /** The lane of a speaker that can do a step now: its batch is not running. */
    private Speaker.@Nullable Lane candidate(Speaker speaker) {
        Speaker.Lane lane = speaker.candidate();
        SpeechJob.Batch batch = lane == null ? null : lane.batch();
        return batch != null && busy.contains(batch) ? null : lane;
    }

    /** How many lanes run or could. */
    private int ready() {
        int ready = 0;
        for (Speaker speaker : speakers) {
            ready += speaker.ready();
        }
        return ready;
    }

    /** The lanes whose next step is to be done now; empty if none can. */
    private List<Speaker.Lane> choose() {
        account();
        long now = now();
        Speaker.Lane best = null;
        double least = Double.POSITIVE_INFINITY;
        for (Speaker speaker : speakers) {
            Speaker.Lane lane = candidate(speaker);
            if (lane != null) {
                double urgency = urgency(speaker, now);
                if (best == null || urgency < least) {
                    best = lane;
                    least = urgency;
                }
            }
        }
        if (best == null) {
            return List.of();
        }
        SpeechJob.Batch batch = best.batch();
        if (batch == null) {
            return List.of(best);
        }
        List<Speaker.Lane> together = new ArrayList<>();
        for (Speaker speaker : speakers) {
            speaker.batched(batch, together);
        }
        if (together.size() > batch.most()) {
            together.sort(Comparator.comparingDouble(lane -> urgency(lane.speaker(), now)));
            return List.copyOf(together.subList(0, batch.most()));
        }
        return together;
    }

    /** The smaller, the sooner. */
    private double urgency(Speaker speaker, long now) {
        double served = speaker.served();
        if (speaker.share() > 2 * served + PATIENCE) {
            return -2e12 + served;
        }
        double sinceBegin = (now - speaker.begunAt()) * 1e-9;
        if (!speaker.listenedTo()) {
            return 1e12 + served;
        }
        return speaker.heard() ? speaker.dryIn(now) : -1e12 - sinceBegin;
    }

    /** Divides the time since the last call among those that could use it. */
    private void account() {
        long now = now();
        int active = 0;
        for (Speaker speaker : speakers) {
            active += speaker.active() ? 1 : 0;
        }
        double each = (now - sharedUntil) * 1e-9 * Math.min(1, threads / (double) active);
        for (Speaker speaker : speakers) {
            if (speaker.active()) {
                speaker.shares(each);
            }
        }
        sharedUntil = now;
    }

    /** How many speeches are not freed yet. */
    int size() {
        lock.lock();
        try {
            return speakers.size();
        } finally {
            lock.unlock();
        }
    }

    /** After the last of its users: ends the threads. What is still spoken is cancelled. */
    @Override
    public void close() {
        synchronized (SHARED) {
            if (--users > 0) {
                return;
            }
            if (device != null) {
                SHARED.remove(device);
            }
        }
        List<Speaker> left;
        lock.lock();
        try {
            closed = true;
            left = List.copyOf(speakers);
            work.signalAll();
        } finally {
            lock.unlock();
        }
        left.forEach(Speaker::close);
    }
}
