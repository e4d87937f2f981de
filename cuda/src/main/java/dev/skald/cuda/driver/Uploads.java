package dev.skald.cuda.driver;

import dev.skald.Optimisation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;

/**
 * Copies to a device through page-locked memory, and the launches that use them, in order. Threads
 * fill pieces of that memory while earlier ones are copied; nothing waits for the device until
 * {@link #flush} and a synchronisation of the stream. For one thread at a time.
 *
 * <p>Where no memory can be locked, ordinary memory serves: the driver then copies it once more.
 */
public final class Uploads implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Uploads.class.getName());

    /** Bytes of a piece, a whole number of values of every type. */
    private static final int PIECE = 2 << 20;

    private static final int PIECES = 8;

    /** What is so short is filled at once: handing it to a thread takes as long. */
    private static final int SHORT = 1 << 16;

    private static final int THREADS =
            Math.clamp(Runtime.getRuntime().availableProcessors() - 1, 1, PIECES);

    /** Where bytes come from. Called by several threads. */
    @FunctionalInterface
    public interface Source {
        /** Copies bytes from {@code at} on until {@code to} is full. */
        void copy(long at, MemorySegment to);
    }

    private static final class Piece {
        final MemorySegment memory;
        final long event;
        boolean queued;
        boolean copied;

        Piece(MemorySegment memory, long event) {
            this.memory = memory;
            this.event = event;
        }
    }

    /** What is put into the stream once it is filled. */
    private record Step(CompletableFuture<?> filled, Runnable run) {}

    private static final CompletableFuture<?> AT_ONCE = CompletableFuture.completedFuture(null);

    private final Context context;
    private final Driver driver;
    private final Stream stream;
    private final LongFunction<MemorySegment> lock;
    private final List<Piece> pieces = new ArrayList<>();
    private final Queue<Step> steps = new ArrayDeque<>();
    private final ExecutorService threads = threads();
    private Runnable freeMemory = () -> {};
    private int next;

    public Uploads(Context context, Stream stream) {
        this(context, stream, context::staging);
    }

    Uploads(Context context, Stream stream, LongFunction<MemorySegment> lock) {
        this.context = context;
        this.driver = context.driver();
        this.stream = stream;
        this.lock = lock;
    }

    private static ExecutorService threads() {
        ThreadPoolExecutor pool =
                new ThreadPoolExecutor(
                        THREADS,
                        THREADS,
                        1,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        Thread.ofPlatform().name("skald-upload-", 0).daemon().factory());
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /** Copies {@code bytes} of a source to the device, which may be read until they are flushed. */
    public void upload(Source from, long bytes, long to) {
        for (long at = 0; at < bytes; at += PIECE) {
            Piece piece = take();
            long first = at;
            MemorySegment memory = piece.memory.asSlice(0, Math.min(PIECE, bytes - at));
            CompletableFuture<?> filled = AT_ONCE;
            if (memory.byteSize() <= SHORT) {
                from.copy(first, memory);
            } else {
                filled = CompletableFuture.runAsync(() -> from.copy(first, memory), threads);
            }
            piece.queued = true;
            add(new Step(filled, () -> copy(piece, memory, to + first)));
        }
    }

    private void copy(Piece piece, MemorySegment memory, long to) {
        driver.copyToDevice(to, memory, memory.byteSize(), stream.handle());
        driver.recordEvent(piece.event, stream.handle());
        piece.queued = false;
        piece.copied = true;
        if (!context.uses(Optimisation.PINNED)) {
            stream.synchronize();
        }
    }

    /** Does something with the stream after what was uploaded until now. */
    public void then(Runnable launch) {
        add(new Step(AT_ONCE, launch));
    }

    private void add(Step step) {
        steps.add(step);
        for (Step s = steps.peek(); s != null && s.filled.isDone(); s = steps.peek()) {
            run();
        }
    }

    /** Waits for the first step to be filled and puts it into the stream. */
    private void run() {
        Step step = steps.remove();
        try {
            step.filled.join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case RuntimeException known -> throw known;
                case Error known -> throw known; // a mapped file has become shorter
                case null, default -> throw e;
            }
        }
        context.use();
        step.run.run();
    }

    /** The next piece, once it is free. */
    private Piece take() {
        if (pieces.isEmpty()) {
            allocate();
        }
        Piece piece = pieces.get(next++ % PIECES);
        while (piece.queued) {
            run();
        }
        if (piece.copied) {
            context.use();
            driver.synchronizeEvent(piece.event);
            piece.copied = false;
        }
        return piece;
    }

    @SuppressWarnings("MustBeClosedChecker") // freed by free()
    private void allocate() {
        MemorySegment memory;
        try {
            MemorySegment locked = lock.apply((long) PIECES * PIECE);
            freeMemory = () -> context.freeStaging(locked);
            memory = locked;
        } catch (CudaException e) {
            if (e.kind() == CudaException.Kind.LOST) {
                throw e;
            }
            LOG.log(
                    System.Logger.Level.INFO,
                    "weights are loaded through ordinary memory, which takes longer: {0}",
                    e.getMessage());
            Arena arena = Arena.ofShared();
            freeMemory = arena::close;
            memory = arena.allocate((long) PIECES * PIECE, 4096);
        }
        context.use();
        for (int i = 0; i < PIECES; i++) {
            pieces.add(new Piece(memory.asSlice((long) i * PIECE, PIECE), driver.createEvent()));
        }
    }

    /** Puts all that was asked for into the stream. Nothing reads a source any more. */
    public void flush() {
        while (!steps.isEmpty()) {
            run();
        }
    }

    /** Forgets what is not in the stream yet; no thread fills any more, no copy runs. */
    public void abandon() {
        for (Step step : steps) {
            step.filled.exceptionally(e -> null).join();
        }
        steps.clear();
        stream.finish();
        pieces.forEach(
                p -> {
                    p.queued = false;
                    p.copied = false;
                });
    }

    /** Gives back the memory until the next upload. */
    public void free() {
        if (pieces.isEmpty()) {
            return;
        }
        abandon();
        pieces.forEach(p -> context.quietly(() -> driver.destroyEvent(p.event)));
        pieces.clear();
        freeMemory.run();
    }

    @Override
    public void close() {
        free();
        threads.shutdown();
    }

    /** Bytes a second that the card copies from page-locked memory: what no load can surpass. */
    public static double copyRate(Context context) {
        long bytes = 64L << 20;
        int times = 16;
        MemorySegment memory = context.allocateHost(bytes);
        try (Stream stream = context.stream()) {
            long to = context.allocate(bytes);
            double best = 0;
            for (int i = 0; i < 4; i++) {
                long begin = System.nanoTime();
                for (int k = 0; k < times; k++) {
                    context.driver().copyToDevice(to, memory, bytes, stream.handle());
                }
                stream.synchronize();
                best = Math.max(best, times * bytes * 1e9 / (System.nanoTime() - begin));
            }
            context.free(to);
            return best;
        } finally {
            context.freeHost(memory);
        }
    }
}
