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
 * A file mapped into memory, read only. What is long is copied by {@link #read}: pages of a mapping
 * count as memory of this process for as long as it lasts.
 */
record MappedFile(String name, MemorySegment bytes, Arena arena, FileChannel channel)
        implements AutoCloseable {
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

    /** Copies bytes from {@code at} on until {@code to}, which is native memory, is full. */
    void read(long at, MemorySegment to) {
        ByteBuffer buffer = to.asByteBuffer();
        try {
            while (buffer.hasRemaining()) {
                if (channel.read(buffer, at + buffer.position()) < 0) {
                    throw shorter();
                }
            }
        } catch (ClosedChannelException e) {
            copy(at, to); // an interrupted thread has closed the channel
        } catch (IOException e) {
            throw new WeightException(name + " cannot be read: " + e.getMessage());
        }
    }

    /** The same from the mapping; for what is short. */
    void copy(long at, MemorySegment to) {
        try {
            MemorySegment.copy(bytes, at, to, 0, to.byteSize());
        } catch (InternalError e) {
            throw shorter();
        }
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
