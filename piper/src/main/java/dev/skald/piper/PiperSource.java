package dev.skald.piper;

import dev.skald.AudioChunk;
import dev.skald.SpeechCancelledException;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.piper.PiperNetwork.Settings;
import dev.skald.spi.AudioSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request being spoken: utterances are computed side by side, a few ahead, and handed out in
 * order.
 *
 * <p>One thread reads the text, since a pipe may make it wait while audio is ready. The first
 * utterance is awaited, so it has every core to itself; after it as many as there are cores run at
 * once, which uses them better than all of them on one.
 */
final class PiperSource implements AudioSource {
    private static final System.Logger LOG = System.getLogger(PiperSource.class.getName());

    private final Voice voice;
    private final int sampleRate;
    private final PiperText text;
    private final CompletableFuture<PiperNetwork> loading;
    private final Settings settings;
    private final float volume;
    private final int silence;
    private final int paragraphSilence;
    private final Executor pool;
    private final int threads;
    private final Consumer<PiperSource> onClose;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** Utterances not handed out in full yet, in order. */
    private final Deque<Job> jobs = new ArrayDeque<>();

    private int running;
    private boolean firstDone;
    private boolean textEnded;
    private @Nullable Throwable textFailure;
    private boolean cancelled;

    /** Whether a sentence was handed out, so that silence comes before the next. */
    private boolean spoke;

    PiperSource(
            Voice voice,
            int sampleRate,
            PiperText text,
            CompletableFuture<PiperNetwork> loading,
            Settings settings,
            SpeechRequest request,
            Executor pool,
            int threads,
            Consumer<PiperSource> onClose) {
        this.voice = voice;
        this.sampleRate = sampleRate;
        this.text = text;
        this.loading = loading;
        this.settings = settings;
        this.volume = (float) request.volume();
        this.silence = (int) (sampleRate * request.sentenceSilence());
        this.paragraphSilence = Math.max(silence, (int) (sampleRate * request.paragraphSilence()));
        this.pool = pool;
        this.threads = threads;
        this.onClose = onClose;
    }

    void start() {
        Thread.ofVirtual().name("skald-piper-text").start(this::readText);
    }

    @Override
    public Voice voice() {
        return voice;
    }

    @Override
    public int sampleRate() {
        return sampleRate;
    }

    @Override
    public @Nullable AudioChunk next() {
        lock.lock();
        try {
            while (true) {
                if (cancelled) {
                    throw new SpeechCancelledException("the speech was cancelled");
                }
                Job job = jobs.peek();
                if (job != null) {
                    if (!job.windows.isEmpty()) {
                        return chunk(job);
                    }
                    if (job.failure != null) {
                        throw rethrown(job.failure);
                    }
                } else if (textFailure != null) {
                    throw rethrown(textFailure);
                } else if (textEnded) {
                    return null;
                }
                changed.await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            cancel();
            throw new SpeechCancelledException("the thread was interrupted", e);
        } finally {
            lock.unlock();
        }
    }

    private AudioChunk chunk(Job job) {
        int pause = job.afterBlock ? paragraphSilence : silence;
        if (spoke && job.begins && pause > 0) {
            job.begins = false;
            return new AudioChunk(new float[pause], sampleRate, "", job.sentence, false);
        }
        job.begins = false;
        Window window = job.windows.remove();
        if (window.last) {
            jobs.remove();
            spoke = true;
            changed.signalAll();
        }
        return new AudioChunk(
                window.samples,
                sampleRate,
                job.text,
                job.sentence,
                window.last && job.lastOfSentence);
    }

    // --- reading ---------------------------------------------------------------------------------

    private void readText() {
        Map<String, Integer> unknown = new TreeMap<>();
        try {
            int sentence = 0;
            long utterance = 0;
            boolean afterBlock = false;
            for (SpokenSentence spoken; (spoken = text.next()) != null; ) {
                List<SpokenSentence.Utterance> speakable = new ArrayList<>();
                for (SpokenSentence.Utterance one : spoken.utterances()) {
                    if (one.speakable()) {
                        speakable.add(one);
                    }
                }
                for (int i = 0; i < speakable.size(); i++) {
                    boolean last = i == speakable.size() - 1;
                    Job job =
                            new Job(
                                    speakable.get(i).ids().ids(),
                                    seeded(utterance++),
                                    spoken.normalized(),
                                    sentence,
                                    last,
                                    afterBlock && i == 0);
                    if (!enqueue(job)) {
                        return;
                    }
                }
                afterBlock = speakable.isEmpty() ? afterBlock : spoken.endsBlock();
                sentence += speakable.isEmpty() ? 0 : 1;
                spoken.unknown().forEach((p, n) -> unknown.merge(p, n, Integer::sum));
            }
            if (!unknown.isEmpty()) {
                LOG.log(
                        System.Logger.Level.DEBUG,
                        "phonemes left out because voice {0} does not know them: {1}",
                        voice.id(),
                        unknown);
            }
        } catch (Throwable e) {
            lock.lock();
            textFailure = e;
            lock.unlock();
        } finally {
            lock.lock();
            textEnded = true;
            changed.signalAll();
            lock.unlock();
        }
    }

    /** Each utterance has its own noise, which depends on nothing but the seed and its place. */
    private Settings seeded(long utterance) {
        return new Settings(
                settings.noiseScale(),
                settings.lengthScale(),
                settings.noiseWidth(),
                settings.speaker(),
                settings.seed() + utterance * 0x9E3779B97F4A7C15L,
                utterance == 0);
    }

    /** Waits until there is room ahead; false if cancelled. */
    private boolean enqueue(Job job) throws InterruptedException {
        lock.lock();
        try {
            while (jobs.size() > threads && !cancelled) {
                changed.await();
            }
            if (cancelled) {
                return false;
            }
            jobs.add(job);
            schedule();
            return true;
        } finally {
            lock.unlock();
        }
    }

    // --- computing -------------------------------------------------------------------------------

    /** Starts what may start. The lock is held. */
    private void schedule() {
        int unfinished = 0;
        for (Job job : jobs) {
            unfinished += job.done ? 0 : 1;
        }
        for (Job job : jobs) {
            if (running >= (firstDone ? threads : 1) || cancelled) {
                return;
            }
            if (!job.started) {
                job.started = true;
                job.share =
                        firstDone ? Math.max(1, threads / Math.min(threads, unfinished)) : threads;
                running++;
                try {
                    pool.execute(job);
                } catch (RejectedExecutionException e) {
                    cancelled = true;
                    changed.signalAll();
                }
            }
        }
    }

    private record Window(float[] samples, boolean last) {}

    /** One utterance. Its mutable fields are guarded by the lock. */
    private final class Job implements Runnable {
        final int[] ids;
        final Settings settings;
        final String text;
        final int sentence;
        final boolean lastOfSentence;
        final boolean afterBlock;
        final Deque<Window> windows = new ArrayDeque<>();
        boolean begins = true;
        boolean started;
        boolean done;
        int share = 1;
        PiperNetwork.@Nullable Utterance utterance;
        @Nullable Throwable failure;

        Job(
                int[] ids,
                Settings settings,
                String text,
                int sentence,
                boolean lastOfSentence,
                boolean afterBlock) {
            this.ids = ids;
            this.settings = settings;
            this.text = text;
            this.sentence = sentence;
            this.lastOfSentence = lastOfSentence;
            this.afterBlock = afterBlock;
        }

        @Override
        public void run() {
            Throwable fault = null;
            try {
                // Submitted to the same pool before this, so it ends.
                speak(loading.join());
            } catch (Throwable e) {
                fault = e;
            }
            lock.lock();
            try {
                utterance = null;
                failure = fault;
                done = true;
                firstDone = true;
                running--;
                schedule();
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        private void speak(PiperNetwork network) {
            try (PiperNetwork.Utterance speaking = network.begin(ids, settings, share)) {
                if (attach(speaking)) {
                    OutputGain gain = network.outputGain(volume);
                    while (speaking.hasNext()) {
                        float[] samples = speaking.next();
                        gain.apply(samples);
                        add(new Window(samples, !speaking.hasNext()));
                    }
                }
            }
        }

        /** Makes it known to {@link #cancel}; false if that was called before. */
        private boolean attach(PiperNetwork.Utterance speaking) {
            lock.lock();
            try {
                utterance = speaking;
                return !cancelled;
            } finally {
                lock.unlock();
            }
        }

        private void add(Window window) {
            lock.lock();
            try {
                windows.add(window);
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    @Override
    public void cancel() {
        lock.lock();
        try {
            cancelled = true;
            for (Job job : jobs) {
                if (job.utterance != null) {
                    job.utterance.cancel();
                }
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        cancel();
        onClose.accept(this);
    }

    private static RuntimeException rethrown(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException e ? e : new IllegalStateException(failure);
    }
}
