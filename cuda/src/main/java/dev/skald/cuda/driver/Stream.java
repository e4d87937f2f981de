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

    /** Bytes that the arguments of a kernel may take. */
    private static final int LARGEST_ARGUMENTS = 1024;

    private final Context context;
    private final Driver driver;
    private final long handle;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment arguments = arena.allocate(LARGEST_ARGUMENTS, 16);
    private final MemorySegment pointers = arena.allocate(ADDRESS);
    private final MemorySegment staging;
    private long staged;
    private int length;
    private boolean closed;

    Stream(Context context) {
        this.context = context;
        driver = context.driver();
        handle = driver.createStream();
        staging = driver.allocateHost(STAGING);
        pointers.set(ADDRESS, 0, arguments);
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
        if (from.length == 0) {
            return;
        }
        MemorySegment piece = stage((long) from.length * Integer.BYTES);
        MemorySegment.copy(from, 0, piece, JAVA_INT, 0, from.length);
        context.use();
        driver.copyToDevice(to, piece, piece.byteSize(), handle);
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
        if (to.length == 0) {
            return;
        }
        MemorySegment piece = stage((long) to.length * Integer.BYTES);
        context.use();
        driver.copyToHost(piece, from, piece.byteSize(), handle);
        synchronize();
        MemorySegment.copy(piece, JAVA_INT, 0, to, 0, to.length);
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

    /** Waits until all is done. */
    public void synchronize() {
        context.use();
        driver.synchronize(handle);
        staged = 0;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        synchronize();
        driver.freeHost(staging);
        driver.destroyStream(handle);
        arena.close();
    }
}
