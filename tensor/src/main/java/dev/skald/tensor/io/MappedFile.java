package dev.skald.tensor.io;

import dev.skald.tensor.WeightException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file mapped into memory, read only. */
record MappedFile(String name, MemorySegment bytes, Arena arena) implements AutoCloseable {
    @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as the record
    static MappedFile open(Path path) {
        String name = String.valueOf(path.getFileName());
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return new MappedFile(
                    name,
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena),
                    arena);
        } catch (NoSuchFileException e) {
            arena.close();
            throw new WeightException(path + " does not exist: install the model again");
        } catch (IOException e) {
            arena.close();
            throw new WeightException(path + " cannot be read: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
