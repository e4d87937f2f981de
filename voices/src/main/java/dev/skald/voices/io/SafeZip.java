package dev.skald.voices.io;

import dev.skald.VoiceException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Enumeration;
import java.util.function.LongConsumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Takes single files out of an archive from outside. The archive never chooses where anything is
 * written, and never writes more than it was allowed.
 */
public final class SafeZip implements AutoCloseable {
    private static final int MAX_ENTRIES = 10_000;

    private final ZipFile zip;
    private final Path archive;

    public SafeZip(Path archive) throws IOException {
        this.archive = archive;
        try {
            zip = new ZipFile(archive.toFile());
        } catch (ZipException | EOFException e) {
            throw new VoiceException(archive.getFileName() + " is not a good archive", e);
        }
        if (zip.size() > MAX_ENTRIES) {
            zip.close();
            throw new VoiceException(archive.getFileName() + " has too many files");
        }
    }

    /**
     * Writes the one entry whose last path element is {@code name} to {@code target}.
     *
     * @param limit the most bytes it may have
     * @return whether there is one
     */
    public boolean extract(String name, Path target, long limit, LongConsumer progress)
            throws IOException {
        ZipEntry found = null;
        for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
            ZipEntry entry = all.nextElement();
            String path = entry.getName();
            if (entry.isDirectory() || !path.substring(path.lastIndexOf('/') + 1).equals(name)) {
                continue;
            }
            if (found != null) {
                throw new VoiceException(archive.getFileName() + " has two files " + name);
            }
            found = entry;
        }
        if (found == null) {
            return false;
        }
        // The size an entry claims is not trusted; the bytes that come are counted.
        try (InputStream in = open(found);
                OutputStream out =
                        Files.newOutputStream(
                                target,
                                StandardOpenOption.CREATE,
                                StandardOpenOption.TRUNCATE_EXISTING,
                                StandardOpenOption.WRITE)) {
            byte[] block = new byte[1 << 16];
            long total = 0;
            for (int n = read(in, block); n >= 0; n = read(in, block)) {
                total += n;
                if (total > limit) {
                    throw new VoiceException(
                            name + " in " + archive.getFileName() + " is larger than published");
                }
                out.write(block, 0, n);
                progress.accept(total);
            }
        }
        return true;
    }

    private InputStream open(ZipEntry entry) {
        try {
            return zip.getInputStream(entry);
        } catch (IOException e) {
            throw new VoiceException(archive.getFileName() + " is damaged", e);
        }
    }

    /** A damaged entry is the archive's fault; what writing throws is the disk's. */
    private int read(InputStream in, byte[] block) {
        try {
            return in.read(block);
        } catch (IOException e) {
            throw new VoiceException(archive.getFileName() + " is damaged", e);
        }
    }

    @Override
    public void close() throws IOException {
        zip.close();
    }
}
