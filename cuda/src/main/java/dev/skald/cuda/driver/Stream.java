package dev.skald.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A queue of work on a device, in order: launches, and copies through page-locked memory. For one
 * thread at a time.
 */
public final class Stream implements AutoCloseable {
    /** Bytes of page-locked memory that uploads go through in turn. */
    private static final int STAGING = 8 << 20;

    /** {@code CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION}. */
    private static final int PROGRAMMATIC_SERIALIZATION = 6;

    /** Bytes of a {@code CUlaunchConfig}; its attribute lies behind it. */
    private static final int CONFIG = 56;

    private static final int ATTRIBUTE = 72;

    /** Bytes that the arguments of a kernel may take. */
    private static final int LARGEST_ARGUMENTS = 1024;

    private final Context context;
    private final Driver driver;
    private final long handle;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment arguments = arena.allocate(LARGEST_ARGUMENTS, 16);
    private final MemorySegment pointers = arena.allocate(ADDRESS);
    private final MemorySegment config = arena.allocate(CONFIG + ATTRIBUTE, 8);
    private final MemorySegment staging;
    private final long[] marks = new long[2];
    private int mark;
    private long staged;
    private int length;
    private boolean closed;

    Stream(Context context, boolean first) {
        this.context = context;
        driver = context.driver();
        staging = context.staging(STAGING);
        try {
            handle = driver.createStream(first);
        } catch (CudaException e) {
            context.freeStaging(staging);
            arena.close();
            throw e;
        }
        pointers.set(ADDRESS, 0, arguments);
        config.set(JAVA_INT, 16, 1); // blockDimY
        config.set(JAVA_INT, 20, 1); // blockDimZ
        config.set(JAVA_LONG, 32, handle);
        config.set(ADDRESS, 40, config.asSlice(CONFIG));
        config.set(JAVA_INT, 48, 1); // attributes
        config.set(JAVA_INT, CONFIG, PROGRAMMATIC_SERIALIZATION);
        config.set(JAVA_INT, CONFIG + 8, 1);
    }

    long handle() {
        return handle;
    }

    // ---- the arguments of the next launch: one struct, its fields in order

    /** Begins a struct. */
    public Stream begin() {
        length = 0;
        return this;
    }

    /** A pointer or another 8-byte field. */
    public Stream add(long value) {
        arguments.set(JAVA_LONG, length, value);
        length += 8;
        return this;
    }

    public Stream add(int value) {
        arguments.set(JAVA_INT, length, value);
        length += 4;
        return this;
    }

    public Stream add(float value) {
        arguments.set(JAVA_FLOAT, length, value);
        length += 4;
        return this;
    }

    /** Launches a kernel over the struct. Does nothing where the grid is empty. */
    public void launch(Kernel kernel, int gridX, int gridY, int gridZ, int threads, int shared) {
        if (gridX <= 0 || gridY <= 0 || gridZ <= 0) {
            return;
        }
        context.use();
        driver.launch(
                kernel.function(shared), gridX, gridY, gridZ, threads, shared, handle, pointers);
    }

    /**
     * Launches a kernel that may begin before the one ahead of it has ended, for which it waits
     * itself: programmatic dependent launch, from compute capability 9.0 on.
     */
    public void launchEarly(
            Kernel kernel, int gridX, int gridY, int gridZ, int threads, int shared) {
        config.set(JAVA_INT, 0, gridX);
        config.set(JAVA_INT, 4, gridY);
        config.set(JAVA_INT, 8, gridZ);
        config.set(JAVA_INT, 12, threads);
        config.set(JAVA_INT, 24, shared);
        context.use();
        driver.launch(config, kernel.function(shared), pointers);
    }

    // ---- graphs

    /**
     * Records launches instead of running them.
     *
     * @throws CudaException if they cannot be recorded; the stream can be used all the same
     */
    public Graph capture(Runnable launches) {
        context.use();
        driver.beginCapture(handle);
        try {
            launches.run();
        } catch (RuntimeException | Error e) {
            context.quietly(() -> driver.destroyGraph(driver.endCapture(handle)));
            throw e;
        }
        long graph = driver.endCapture(handle);
        try {
            return new Graph(context, driver.instantiate(graph));
        } finally {
            context.quietly(() -> driver.destroyGraph(graph));
        }
    }

    /** Runs a graph, at once: nothing may synchronize with it for long. */
    public void launch(Graph graph) {
        context.use();
        driver.launchGraph(graph.executable(), handle);
        driver.flush(handle);
    }

    /** Has what was launched begin, where who waits for it does not ask the driver. */
    public void flush() {
        context.use();
        driver.flush(handle);
    }

    // ---- copies

    /** A piece of page-locked memory, filled by the caller before {@link #upload}. */
    private MemorySegment stage(long bytes) {
        long at = (staged + 255) / 256 * 256;
        if (at + bytes > STAGING) {
            synchronize();
            at = 0;
        }
        staged = at + bytes;
        return staging.asSlice(at, bytes);
    }

    /** Copies floats to device memory. */
    public void upload(float[] from, int offset, int count, long to) {
        int most = STAGING / Float.BYTES;
        for (int done = 0; done < count; done += most) {
            int n = Math.min(most, count - done);
            MemorySegment piece = stage((long) n * Float.BYTES);
            MemorySegment.copy(from, offset + done, piece, JAVA_FLOAT, 0, n);
            context.use();
            driver.copyToDevice(to + (long) done * Float.BYTES, piece, piece.byteSize(), handle);
        }
    }

    /** Copies integers to device memory. */
    public void upload(int[] from, long to) {
        int most = STAGING / Integer.BYTES;
        for (int done = 0; done < from.length; done += most) {
            int n = Math.min(most, from.length - done);
            MemorySegment piece = stage((long) n * Integer.BYTES);
            MemorySegment.copy(from, done, piece, JAVA_INT, 0, n);
            context.use();
            driver.copyToDevice(to + (long) done * Integer.BYTES, piece, piece.byteSize(), handle);
        }
    }

    /** Copies floats from device memory and waits for them. */
    public void download(long from, float[] to, int offset, int count) {
        int most = STAGING / Float.BYTES;
        for (int done = 0; done < count; done += most) {
            int n = Math.min(most, count - done);
            MemorySegment piece = stage((long) n * Float.BYTES);
            context.use();
            driver.copyToHost(piece, from + (long) done * Float.BYTES, piece.byteSize(), handle);
            synchronize();
            MemorySegment.copy(piece, JAVA_FLOAT, 0, to, offset + done, n);
        }
    }

    /** Copies integers from device memory and waits for them. */
    public void download(long from, int[] to) {
        int most = STAGING / Integer.BYTES;
        for (int done = 0; done < to.length; done += most) {
            int n = Math.min(most, to.length - done);
            MemorySegment piece = stage((long) n * Integer.BYTES);
            context.use();
            driver.copyToHost(piece, from + (long) done * Integer.BYTES, piece.byteSize(), handle);
            synchronize();
            MemorySegment.copy(piece, JAVA_INT, 0, to, done, n);
        }
    }

    /** Copies bytes within the device. */
    public void copy(long from, long to, long bytes) {
        if (bytes > 0) {
            context.use();
            driver.copy(to, from, bytes, handle);
        }
    }

    /** Sets bytes to 0. */
    public void clear(long at, long bytes) {
        if (bytes > 0) {
            context.use();
            driver.clear(at, bytes, handle);
        }
    }

    /** Waits until what was launched before the last call of this is done. */
    public void pace() {
        context.use();
        if (marks[mark] == 0) {
            marks[mark] = driver.createEvent();
        }
        driver.recordEvent(marks[mark], handle);
        mark = 1 - mark;
        if (marks[mark] != 0) {
            driver.synchronizeEvent(marks[mark]);
        }
    }

    /** Waits until all is done. */
    public void synchronize() {
        context.use();
        driver.synchronize(handle);
        staged = 0;
    }

    /** The same before something is freed: a failure is that of the next call. */
    public void finish() {
        context.quietly(this::synchronize);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        finish();
        for (long made : marks) {
            if (made != 0) {
                context.quietly(() -> driver.destroyEvent(made));
            }
        }
        context.freeStaging(staging);
        context.quietly(() -> driver.destroyStream(handle));
        arena.close();
    }
}
