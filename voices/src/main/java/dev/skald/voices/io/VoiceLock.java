package dev.skald.voices.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The right to change one voice, against other threads and other processes. The lock files stay:
 * deleting one that somebody waits for would give two owners.
 */
public final class VoiceLock implements AutoCloseable {
    // A process holds at most one file lock of a file, so its threads queue here first.
    private static final Map<Path, ReentrantLock> THREADS = new ConcurrentHashMap<>();

    private final ReentrantLock thread;
    private final FileChannel channel;
    private final FileLock lock;

    private VoiceLock(ReentrantLock thread, FileChannel channel, FileLock lock) {
        this.thread = thread;
        this.channel = channel;
        this.lock = lock;
    }

    /** Waits until it is ours. */
    public static VoiceLock acquire(Path file) throws IOException {
        ReentrantLock thread = threadLock(file);
        thread.lock();
        VoiceLock held = null;
        try {
            FileChannel channel = open(file);
            try {
                held = new VoiceLock(thread, channel, channel.lock());
            } finally {
                closeUnless(held, channel);
            }
            return held;
        } finally {
            if (held == null) {
                thread.unlock();
            }
        }
    }

    /** Ours at once, or empty. */
    public static Optional<VoiceLock> tryAcquire(Path file) throws IOException {
        ReentrantLock thread = threadLock(file);
        if (thread.isHeldByCurrentThread() || !thread.tryLock()) {
            return Optional.empty();
        }
        VoiceLock held = null;
        try {
            FileChannel channel = open(file);
            try {
                FileLock lock = channel.tryLock();
                if (lock != null) {
                    held = new VoiceLock(thread, channel, lock);
                }
            } finally {
                closeUnless(held, channel);
            }
            return Optional.ofNullable(held);
        } finally {
            if (held == null) {
                thread.unlock();
            }
        }
    }

    private static ReentrantLock threadLock(Path file) {
        return THREADS.computeIfAbsent(
                file.toAbsolutePath().normalize(), path -> new ReentrantLock());
    }

    private static FileChannel open(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        return FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
    }

    private static void closeUnless(@Nullable VoiceLock held, FileChannel channel)
            throws IOException {
        if (held == null) {
            channel.close();
        }
    }

    @Override
    public void close() throws IOException {
        try (channel) {
            lock.release();
        } finally {
            thread.unlock();
        }
    }
}
