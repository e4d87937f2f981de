package dev.skald.spi;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;

/**
 * A file that appears under its name only when it is complete: it is written beside its target and
 * renamed by {@link #keep}. Closed without that, it is deleted.
 *
 * <p>A new file has the mode that the umask gives; one that replaces another has the other's. What
 * killed processes left in the folder is deleted when it is older than an hour.
 */
public final class WholeFile implements AutoCloseable {
    private static final String PREFIX = ".skald-";
    private static final String SUFFIX = ".part";
    private static final Duration OLD = Duration.ofHours(1);

    private final Path target;
    private final Path part;
    private final SeekableByteChannel channel;
    private final @Nullable PosixFileAttributes replaced;

    private WholeFile(
            Path target,
            Path part,
            SeekableByteChannel channel,
            @Nullable PosixFileAttributes replaced) {
        this.target = target;
        this.part = part;
        this.channel = channel;
        this.replaced = replaced;
    }

    /**
     * Begins to write.
     *
     * @param target a path in a folder that exists; a regular file there is replaced by {@link
     *     #keep}
     */
    public static WholeFile beside(Path target) throws IOException {
        Path folder = target.toAbsolutePath().getParent();
        if (folder == null) {
            throw new IOException(target + " names no file");
        }
        if (Files.exists(target) && !Files.isWritable(target)) {
            throw new AccessDeniedException(target.toString());
        }
        sweep(folder);
        PosixFileAttributes replaced = attributes(target);
        FileAttribute<?>[] mode =
                replaced == null
                        ? new FileAttribute<?>[0]
                        : new FileAttribute<?>[] {
                            PosixFilePermissions.asFileAttribute(replaced.permissions())
                        };
        long number = System.nanoTime();
        while (true) {
            Path part =
                    folder.resolve(
                            PREFIX
                                    + ProcessHandle.current().pid()
                                    + "-"
                                    + Long.toHexString(number++)
                                    + SUFFIX);
            try {
                SeekableByteChannel channel =
                        Files.newByteChannel(
                                part,
                                EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                                mode);
                return new WholeFile(target, part, channel, replaced);
            } catch (FileAlreadyExistsException e) {
                // Another thread's; the next number is free.
            }
        }
    }

    /** Where its bytes go. */
    public SeekableByteChannel channel() {
        return channel;
    }

    /** It is complete: gives it its name. */
    public void keep() throws IOException {
        channel.close();
        if (replaced != null) {
            imitate(replaced);
        }
        Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Deletes it at once, from any thread; where open files cannot be deleted, on closing. */
    public void abandon() {
        try {
            Files.deleteIfExists(part);
        } catch (IOException e) {
            // Deleted when it is closed.
        }
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private static @Nullable PosixFileAttributes attributes(Path file) throws IOException {
        PosixFileAttributeView view =
                Files.getFileAttributeView(file, PosixFileAttributeView.class);
        return view == null || !Files.exists(file) ? null : view.readAttributes();
    }

    /** The mode of what is replaced; its owner and group too, where this process may give them. */
    private void imitate(PosixFileAttributes other) throws IOException {
        PosixFileAttributeView view =
                Files.getFileAttributeView(part, PosixFileAttributeView.class);
        try {
            PosixFileAttributes own = view.readAttributes();
            if (!own.owner().equals(other.owner())) {
                view.setOwner(other.owner());
            }
            if (!own.group().equals(other.group())) {
                view.setGroup(other.group());
            }
        } catch (IOException e) {
            // Not ours to give.
        }
        view.setPermissions(other.permissions());
    }

    private static void sweep(Path folder) throws IOException {
        Instant old = Instant.now().minus(OLD);
        try (DirectoryStream<Path> parts =
                Files.newDirectoryStream(folder, PREFIX + "*-*" + SUFFIX)) {
            for (Path part : parts) {
                FileTime written = Files.getLastModifiedTime(part, LinkOption.NOFOLLOW_LINKS);
                if (written.toInstant().isBefore(old) && !writerLives(part)) {
                    Files.deleteIfExists(part);
                }
            }
        } catch (java.nio.file.FileSystemException | java.nio.file.DirectoryIteratorException e) {
            // Another's, or gone meanwhile.
        }
    }

    private static boolean writerLives(Path part) {
        String name = String.valueOf(part.getFileName());
        try {
            String pid = name.substring(PREFIX.length(), name.indexOf('-', PREFIX.length()));
            return ProcessHandle.of(Long.parseLong(pid)).isPresent();
        } catch (NumberFormatException e) {
            return true; // not ours
        }
    }
}
