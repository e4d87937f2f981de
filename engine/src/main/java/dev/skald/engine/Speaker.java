package dev.skald.engine;

import dev.skald.AudioChunk;
import dev.skald.SpeechCancelledException;
import dev.skald.StageWork;
import dev.skald.TimedText;
import dev.skald.Voice;
import dev.skald.spi.AudioSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request being spoken. Its text is read by a thread of its own, since a pipe may make it wait
 * while audio is ready; the {@link Scheduler} makes the audio of its pieces, a few ahead; {@link
 * #next} hands it out in order and computes nothing. A listener who does not take what is there
 * stops the work after {@link #AHEAD} seconds of audio.
 */
public final class Speaker implements AudioSource {
    /**
     * Seconds of audio that are made before the listener takes them. With the steps that still run
     * and the chunk that is being sent, a slow listener holds less than 1 MB.
     */
    static final double AHEAD = 5;

    /** The same for a file: nobody listens to it slowly, and its pieces are made side by side. */
    private static final double AHEAD_OF_FILE = 8;

    private final Scheduler scheduler;
    private final SpeechPlan plan;
    private final Consumer<Speaker> onEnd;
    private final ReentrantLock lock;
    private final Condition changed;

    // All of this is guarded by the scheduler's lock.
    private final Deque<Lane> lanes = new ArrayDeque<>(); // not handed out in full yet, in order
    private final List<SpeechJob> ended = new ArrayList<>(); // to be closed
    private int pieces;
    private int running;
    private boolean begun;
    private boolean whole;
    private boolean firstDone;
    private boolean failed;
    private boolean textEnded;
    private @Nullable Throwable textFailure;
    private boolean cancelled;
    private boolean freed;
    private long waiting; // samples made and not taken
    private long made; // samples
    private long handedOut; // samples
    private long begunAt;
    private long heardAt;
    private double served;
    private double share;

    Speaker(Scheduler scheduler, SpeechPlan plan, Consumer<Speaker> onEnd) {
        this.scheduler = scheduler;
        this.plan = plan;
        this.onEnd = onEnd;
        lock = scheduler.lock;
        changed = lock.newCondition();
        begunAt = scheduler.now();
    }

    @Override
    public Voice voice() {
        return plan.voice();
    }

    @Override
    public int sampleRate() {
        return plan.sampleRate();
    }

    @Override
    public List<StageWork> stages() {
        return plan.stages().get();
    }

    @Override
    public void whole() {
        lock.lock();
        try {
            whole = true;
            begin();
        } finally {
            lock.unlock();
        }
    }

    /** Lets the computing begin before the first chunk is asked for. */
    public void begin() {
        lock.lock();
        try {
            if (!begun) {
                begun = true;
                begunAt = scheduler.now();
                scheduler.wake();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public @Nullable AudioChunk next() {
        begin();
        try {
            return await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            cancel();
            throw new SpeechCancelledException("the thread was interrupted", e);
        }
    }

    private @Nullable AudioChunk await() throws InterruptedException {
        lock.lock();
        try {
            while (true) {
                if (cancelled) {
                    throw new SpeechCancelledException("the speech was cancelled");
                }
                Lane lane = lanes.peek();
                if (lane != null) {
                    AudioChunk chunk = lane.chunks.poll();
                    if (chunk != null) {
                        AudioChunk placed = lane.placed(chunk);
                        taken(lane, chunk);
                        return placed;
                    }
                    if (lane.failure != null) {
                        throw rethrown(lane.failure);
                    }
                } else if (textFailure != null) {
                    throw rethrown(textFailure);
                } else if (textEnded) {
                    scheduler.release(this);
                    return null;
                }
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    private void taken(Lane lane, AudioChunk chunk) {
        waiting -= chunk.samples().length;
        lane.waiting -= chunk.samples().length;
        handedOut += chunk.samples().length;
        if (lane.done && lane.chunks.isEmpty() && lane.failure == null) {
            lanes.remove();
            changed.signalAll();
        }
        scheduler.wake();
    }

    @Override
    public void cancel() {
        lock.lock();
        try {
            cancelled = true;
            for (Lane lane : lanes) {
                if (lane.job != null) {
                    lane.job.cancel();
                }
            }
            changed.signalAll();
            scheduler.release(this);
        } finally {
            lock.unlock();
        }
    }

    /** What runs of it ends soon; nothing is awaited. */
    @Override
    public void close() {
        cancel();
    }

    private static RuntimeException rethrown(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException e ? e : new IllegalStateException(failure);
    }

    // --- reading ---------------------------------------------------------------------------------

    void readText() {
        // Not a virtual one: readers that spin would hold all that carry those.
        Thread.ofPlatform().daemon().name("skald-text").start(this::read);
    }

    private void read() {
        Throwable failure = null;
        try {
            while (awaitRoom()) {
                SpeechPlan.Piece piece = plan.script().next();
                if (piece == null) {
                    break;
                }
                enqueue(piece);
            }
        } catch (Throwable e) {
            failure = e;
        } finally {
            lock.lock();
            textFailure = failure;
            textEnded = true;
            changed.signalAll();
            lock.unlock();
        }
    }

    /** Waits until another piece is wanted; false if cancelled. */
    private boolean awaitRoom() throws InterruptedException {
        lock.lock();
        try {
            while (!cancelled && !wantsPiece()) {
                changed.await();
            }
            return !cancelled;
        } finally {
            lock.unlock();
        }
    }

    /** Until something is heard the first piece has the machine to itself. */
    private boolean wantsPiece() {
        boolean awaited = begun && !whole && !heard() && !firstDone;
        return lanes.size() <= (awaited ? 0 : plan.ahead());
    }

    private void enqueue(SpeechPlan.Piece piece) {
        lock.lock();
        try {
            lanes.add(new Lane(piece, pieces++));
            scheduler.wake();
        } finally {
            lock.unlock();
        }
    }

    // --- what the scheduler asks, with its lock held ---------------------------------------------

    private boolean runnable() {
        return begun && !cancelled && !failed;
    }

    /**
     * Whether a lane's next step is wanted. The first one counts what is ready of itself alone:
     * others that are far ahead of it must not stop it, for it is what the listener waits for.
     */
    private boolean wanted(Lane lane) {
        long untaken = lane == lanes.peek() ? lane.waiting : waiting;
        double most = whole ? AHEAD_OF_FILE : AHEAD;
        return !lane.done && untaken <= most * plan.sampleRate();
    }

    /** The first piece has the machine to itself where it is awaited. */
    private int sideBySide() {
        return firstDone || whole ? plan.ahead() : 1;
    }

    /** The first lane that could do a step now. */
    @Nullable Lane candidate() {
        if (!runnable() || running >= sideBySide()) {
            return null;
        }
        for (Lane lane : lanes) {
            if (!lane.running && wanted(lane)) {
                return lane;
            }
        }
        return null;
    }

    /** How many lanes run or could. */
    int ready() {
        int ready = 0;
        if (runnable()) {
            for (Lane lane : lanes) {
                ready += wanted(lane) ? 1 : 0;
            }
        }
        return Math.max(running, Math.min(ready, sideBySide()));
    }

    /** Adds the lanes whose next step is of that batch. */
    void batched(SpeechJob.Batch batch, List<Lane> together) {
        if (runnable()) {
            for (Lane lane : lanes) {
                if (!lane.running && wanted(lane) && lane.batch() == batch) {
                    together.add(lane);
                }
            }
        }
    }

    boolean active() {
        return running > 0 || candidate() != null;
    }

    boolean listenedTo() {
        return !whole;
    }

    boolean heard() {
        return made > 0;
    }

    long begunAt() {
        return begunAt;
    }

    double served() {
        return served;
    }

    /** Seconds of computing it would have got if all had got the same. */
    double share() {
        return share;
    }

    void shares(double seconds) {
        share += seconds;
    }

    /** Seconds until who listens from the first sample on has heard all there is. */
    double dryIn(long now) {
        return made / (double) plan.sampleRate() - (now - heardAt) * 1e-9;
    }

    /** What is to be freed now, outside of the lock. */
    List<Runnable> frees() {
        List<Runnable> frees = new ArrayList<>();
        for (SpeechJob job : ended) {
            frees.add(job::close);
        }
        ended.clear();
        boolean over = cancelled || (textEnded && lanes.isEmpty());
        if (over && running == 0 && !freed) {
            freed = true;
            for (Lane lane : lanes) {
                SpeechJob job = lane.job;
                if (job != null) {
                    frees.add(job::close);
                }
            }
            scheduler.left(this);
            frees.add(plan.ended());
            frees.add(() -> onEnd.accept(this));
        }
        return frees;
    }

    /** One piece. */
    final class Lane {
        private final SpeechPlan.Piece piece;
        private final int index;
        private final Deque<AudioChunk> chunks = new ArrayDeque<>();
        private final List<TimedText> words = new ArrayList<>(); // not in a chunk yet
        private int threads;
        private long waiting; // samples made and not taken
        private boolean running;
        private boolean done;
        private boolean begun;
        private int lead; // samples of silence before the piece
        private long from = -1; // the piece's first sample in the speech, once it is taken
        private @Nullable SpeechJob job;
        private @Nullable OutputChain chain;
        private @Nullable Throwable failure;

        Lane(SpeechPlan.Piece piece, int index) {
            this.piece = piece;
            this.index = index;
        }

        Speaker speaker() {
            return Speaker.this;
        }

        SpeechJob.@Nullable Batch batch() {
            return job == null ? null : job.batch();
        }

        void joins() {
            if (job != null) {
                job.joins();
            }
        }

        void starts(int threads) {
            running = true;
            Speaker.this.running++;
            this.threads = threads;
        }

        void stopped(double seconds) {
            running = false;
            Speaker.this.running--;
            served += seconds;
        }

        /** Does one step; no lock is held. */
        void step() {
            try {
                SpeechJob making = job;
                if (making == null) {
                    making = open();
                    if (making == null || making.batch() != null) {
                        return; // cancelled; or its first step is done with others
                    }
                }
                OutputChain out = chain == null ? OutputChain.of(plan) : chain;
                chain = out;
                SpeechJob.Step step = making.next(threads);
                float[] samples = out.push(step.samples(), step.last());
                for (TimedText word : step.words()) {
                    words.add(
                            word.at(
                                    Math.round(word.start() / plan.tempo()),
                                    Math.round(word.end() / plan.tempo())));
                }
                if (step.last()) {
                    // Here, because the next piece may go on with what this one held.
                    making.close();
                    job = null;
                }
                if (samples.length > 0 || step.last()) {
                    add(samples, step.last());
                }
            } catch (Throwable e) {
                fails(e);
            }
        }

        /** Opens the job and makes it known to {@link #cancel}; null if that was called before. */
        private @Nullable SpeechJob open() {
            SpeechJob opened = piece.opener().open(whole);
            lock.lock();
            try {
                job = opened;
                return cancelled ? null : opened;
            } finally {
                lock.unlock();
            }
        }

        private void add(float[] samples, boolean last) {
            lock.lock();
            try {
                if (made == 0 && samples.length > 0) {
                    heardAt = scheduler.now();
                }
                double pause = piece.paragraph() ? plan.paragraphSilence() : plan.silence();
                int silence = (int) Math.round(pause * plan.sampleRate());
                boolean first = !begun;
                begun = true;
                if (first && index > 0 && silence > 0) {
                    lead = silence;
                    put(
                            new AudioChunk(
                                    new float[silence], sampleRate(), "", piece.sentence(), false));
                }
                put(
                        new AudioChunk(
                                samples,
                                sampleRate(),
                                piece.text(),
                                piece.sentence(),
                                last && piece.lastOfSentence(),
                                words));
                words.clear();
                if (last) {
                    done();
                }
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        /** The chunk as it is handed out: with times from the begin of the speech. */
        AudioChunk placed(AudioChunk chunk) {
            if (from < 0) {
                from = handedOut + lead;
            }
            return chunk.words().isEmpty()
                    ? chunk
                    : new AudioChunk(
                            chunk.samples(),
                            chunk.sampleRate(),
                            chunk.text(),
                            chunk.sentence(),
                            chunk.lastOfSentence(),
                            chunk.words().stream()
                                    .map(w -> w.at(from + w.start(), from + w.end()))
                                    .toList());
        }

        private void put(AudioChunk chunk) {
            chunks.add(chunk);
            waiting += chunk.samples().length;
            Speaker.this.waiting += chunk.samples().length;
            made += chunk.samples().length;
        }

        private void done() {
            done = true;
            firstDone = true;
            if (job != null) {
                ended.add(job);
                job = null;
            }
        }

        void fails(Throwable e) {
            lock.lock();
            try {
                failure = e;
                failed = true;
                done();
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }
}
