package dev.skald.tensor.io;

import dev.skald.tensor.WeightException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file mapped into memory, read only. What is long is better read through {@link #window}: pages
 * of a mapping count as memory of this process for as long as it lasts.
 */
record MappedFile(String name, MemorySegment bytes, Arena arena, FileChannel channel)
        implements AutoCloseable {
    /** Bytes a window holds at most: they stay in a core's caches. */
    static final int WINDOW = 1 << 17;

    private static final ThreadLocal<ByteBuffer> BUFFER =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(WINDOW));

    @SuppressWarnings("MustBeClosedChecker") // arena and channel live as long as the record
    static MappedFile open(Path path) {
        String name = String.valueOf(path.getFileName());
        Arena arena = Arena.ofShared();
        FileChannel channel = null;
        try {
            channel = FileChannel.open(path, StandardOpenOption.READ);
            MemorySegment bytes =
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return new MappedFile(name, bytes, arena, channel);
        } catch (IOException e) {
            arena.close();
            try {
                if (channel != null) {
                    channel.close();
                }
            } catch (IOException again) {
                e.addSuppressed(again);
            }
            throw new WeightException(
                    e instanceof NoSuchFileException
                            ? path + " does not exist: install the model again"
                            : path + " cannot be read: " + e.getMessage());
        }
    }

    /** What to tell of the fault that reading a mapping gives where the file has been cut since. */
    WeightException shorter() {
        return new WeightException(
                name + " has become shorter while it was read: install it again");
    }

    /**
     * Bytes {@code [at, at + count)} of the file, at most {@link #WINDOW} of them: a copy in a
     * buffer that this thread's next call overwrites.
     */
    MemorySegment window(long at, int count) {
        ByteBuffer buffer = BUFFER.get().clear().limit(count);
        try {
            for (long p = at; buffer.hasRemaining(); ) {
                int n = channel.read(buffer, p);
                if (n < 0) {
                    throw new WeightException(name + " has become shorter while it was read");
                }
                p += n;
            }
        } catch (ClosedChannelException e) {
            return bytes.asSlice(at, count); // an interrupted thread has closed the channel
        } catch (IOException e) {
            throw new WeightException(name + " cannot be read: " + e.getMessage());
        }
        return MemorySegment.ofBuffer(buffer.flip());
    }

    @Override
    public void close() {
        arena.close();
        try {
            channel.close();
        } catch (IOException e) {
            throw new WeightException(name + " cannot be closed: " + e.getMessage());
        }
    }
}
