package dev.skald.voices;

import dev.skald.SkaldException;
import dev.skald.VoiceException;
import dev.skald.voices.io.Digest;
import dev.skald.voices.io.Durable;
import dev.skald.voices.io.VoiceLock;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The installed voices and models.
 *
 * <pre>
 * home/voices/ID/voice.json     the record: what it is, its files, their sizes and SHA-256
 * home/voices/ID/...            its files
 * home/voices/.parts/ID/        what is being fetched or written; becomes home/voices/ID when whole
 * home/voices/.old/ID/          the voice that one of the same id replaces, until that is there
 * home/voices/.locks/ID         who changes ID holds this file's lock
 * </pre>
 *
 * <p>A voice is here if its record is: the folder appears by one rename, when every file in it is
 * complete, checked and on the disk. Safe for many threads and many processes.
 */
public final class VoiceLibrary {
    /** The voice that speaks when none is named. */
    public static final String DEFAULT_VOICE = "en_US-joe-medium";

    static final String RECORD = "voice.json";

    private static final String OLD = ".old";

    private static final System.Logger LOG = System.getLogger(VoiceLibrary.class.getName());

    /** A dead process's part is kept this long, so that the next install resumes it. */
    private static final Duration KEEP_PARTS = Duration.ofDays(2);

    private final Path voices;
    private final Path derived;

    private VoiceLibrary(Path home) {
        voices = home.resolve("voices");
        derived = home.resolve("cache").resolve("prefixes");
    }

    /** The library below a home folder, which need not exist yet. */
    public static VoiceLibrary at(Path home) {
        return new VoiceLibrary(home.toAbsolutePath());
    }

    /**
     * The folder where engines keep what they compute of a voice once. Nothing in it tells whose it
     * is, so it is emptied when a cloned voice is removed.
     */
    public Path derived() {
        return derived;
    }

    /** What is installed, by id. A folder without a good record is left out and logged. */
    public List<InstalledVoice> list() {
        List<InstalledVoice> all = new ArrayList<>();
        Set<String> ids = new TreeSet<>();
        try {
            ids.addAll(names(voices));
            ids.addAll(names(voices.resolve(OLD)));
        } catch (IOException e) {
            throw new SkaldException("cannot list " + voices + ": " + Durable.reason(e), e);
        }
        for (String id : ids) {
            try {
                read(id).ifPresent(all::add);
            } catch (VoiceException e) {
                LOG.log(System.Logger.Level.WARNING, e.getMessage());
            }
        }
        return all;
    }

    private static List<String> names(Path folder) throws IOException {
        List<String> names = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
                for (Path file : files) {
                    String name = String.valueOf(file.getFileName());
                    if (!name.startsWith(".")) {
                        names.add(name);
                    }
                }
            }
        }
        return names;
    }

    /** The voice of that id; empty if it is not installed or the name cannot be an id. */
    public Optional<InstalledVoice> find(String id) {
        try {
            VoiceInfo.checkId(id);
        } catch (VoiceException e) {
            return Optional.empty();
        }
        return read(id);
    }

    /**
     * The voice of that id.
     *
     * @throws VoiceException if it is not installed; the message says how to install it
     */
    public InstalledVoice get(String id) {
        return find(id).orElseThrow(
                        () -> {
                            String name = VoiceInfo.printable(id);
                            return new VoiceException(
                                    "voice '"
                                            + name
                                            + "' is not installed: skald voices install "
                                            + name
                                            + " (skald voices list shows what there is)");
                        });
    }

    /** Writes a voice's files into the folder it is given, which is empty. */
    @FunctionalInterface
    public interface Filler {
        void fill(Path folder) throws IOException;
    }

    /**
     * Adds a voice whose files the caller writes: digests are taken, the record is written, and the
     * voice appears at once and whole, or not at all.
     *
     * @param source where it comes from, for a person
     * @param replace whether a voice of that id may be replaced
     * @throws VoiceException if there is one and it may not be replaced
     * @throws SkaldException if the disk fails
     */
    public InstalledVoice add(VoiceInfo info, String source, boolean replace, Filler filler) {
        try (VoiceLock lock = lock(info.id())) {
            if (!replace && find(info.id()).isPresent()) {
                throw new VoiceException(
                        "there is a voice '"
                                + info.id()
                                + "' already: choose another name, or skald voices remove "
                                + info.id());
            }
            Durable.deleteTree(part(info.id()));
            Path part = openPart(info.id());
            try {
                filler.fill(part);
                return publish(info, source, part);
            } finally {
                Durable.deleteTree(part);
            }
        } catch (IOException e) {
            throw new SkaldException(
                    "cannot write voice '" + info.id() + "': " + Durable.reason(e), e);
        }
    }

    /**
     * Adds a Piper voice from a local {@code .onnx}; its configuration lies beside it, under the
     * same name with {@code .json} behind.
     *
     * @throws VoiceException if there is a voice of that id, or the files are not a Piper voice
     */
    public InstalledVoice addPiper(String id, Path onnx) {
        VoiceInfo.checkId(id);
        Path config = onnx.resolveSibling(onnx.getFileName() + ".json");
        if (!Files.isRegularFile(onnx)) {
            throw new VoiceException("there is no file " + onnx);
        }
        if (!Files.isRegularFile(config)) {
            throw new VoiceException(
                    "a Piper voice needs its configuration beside it: there is no " + config);
        }
        VoiceInfo info;
        try {
            info =
                    PiperFiles.info(
                            id,
                            onnx,
                            config,
                            onnx.resolveSibling(PiperFiles.CARD),
                            Optional.empty());
        } catch (IOException e) {
            throw new SkaldException("cannot read " + onnx + ": " + Durable.reason(e), e);
        }
        return add(
                info,
                "the file " + onnx.toAbsolutePath(),
                false,
                folder -> {
                    Files.copy(onnx, folder.resolve(id + ".onnx"));
                    Files.copy(config, folder.resolve(id + ".onnx.json"));
                });
    }

    /**
     * Removes a voice, a damaged one too, and what was computed of it.
     *
     * @throws VoiceException if it is not installed
     */
    public void remove(String id) {
        VoiceInfo.checkId(id);
        boolean recorded = Files.isRegularFile(voices.resolve(id).resolve(RECORD));
        Optional<InstalledVoice> voice = readable(id);
        if (!recorded && voice.isEmpty()) {
            throw new VoiceException(
                    "voice '"
                            + VoiceInfo.printable(id)
                            + "' is not installed: skald voices list --installed shows what is");
        }
        try (VoiceLock lock = lock(id)) {
            Path folder = voices.resolve(id);
            Path part = part(id);
            settle(id);
            Durable.deleteTree(part);
            Files.createDirectories(voices.resolve(".parts"));
            // Renamed first: a reader sees the whole voice or none.
            Durable.move(folder, part);
            Durable.syncFolder(voices);
            Durable.deleteTree(part);
        } catch (IOException e) {
            throw new SkaldException("cannot remove voice '" + id + "': " + Durable.reason(e), e);
        }
        // A damaged one may have been cloned.
        if (voice.isEmpty() || voice.get().kind() == VoiceKind.CLONE) {
            try {
                Durable.deleteTree(derived);
            } catch (IOException e) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "what was computed of voice {0} is left in {1}: {2}",
                        id,
                        derived,
                        Durable.reason(e));
            }
        }
    }

    private Optional<InstalledVoice> readable(String id) {
        try {
            return find(id);
        } catch (VoiceException e) {
            return Optional.empty(); // damaged
        }
    }

    /**
     * Reads every file of a voice and compares it with the record.
     *
     * @throws VoiceException naming the first file that differs
     */
    public void verify(InstalledVoice voice) {
        for (VoiceFile file : voice.files()) {
            Path path = voice.folder().resolve(file.name());
            String fault;
            try {
                fault =
                        Files.size(path) != file.bytes()
                                ? "has changed its size"
                                : Digest.sha256(path).equals(file.sha256()) ? "" : "has changed";
            } catch (IOException e) {
                fault = "cannot be read (" + Durable.reason(e) + ")";
            }
            if (!fault.isEmpty()) {
                throw new VoiceException(
                        "voice "
                                + voice.id()
                                + ": "
                                + file.name()
                                + " "
                                + fault
                                + " since it was installed: skald voices remove "
                                + voice.id()
                                + ", then install it again");
            }
        }
    }

    /** The right to change one voice; waits until it is ours. */
    public VoiceLock lock(String id) throws IOException {
        return VoiceLock.acquire(voices.resolve(".locks").resolve(id));
    }

    /** The right to change one voice; empty if another has it. */
    public Optional<VoiceLock> tryLock(String id) throws IOException {
        return VoiceLock.tryAcquire(voices.resolve(".locks").resolve(id));
    }

    /** Where a voice is put together. Whoever touches it holds the voice's lock. */
    public Path part(String id) {
        return voices.resolve(".parts").resolve(id);
    }

    /**
     * Makes the folder where a voice is put together, or takes that of a dead install. A link, or
     * anything else in it that is no file or folder, is removed: what is written here must land
     * here. The lock is held.
     */
    public Path openPart(String id) throws IOException {
        Path part = part(id);
        if (Files.isSymbolicLink(part)) {
            Files.delete(part);
        }
        Path parts = java.util.Objects.requireNonNull(part.getParent());
        if (Files.isSymbolicLink(parts)) {
            throw new VoiceException(parts + " is a link: remove it");
        }
        Files.createDirectories(part);
        try (DirectoryStream<Path> all = Files.newDirectoryStream(part)) {
            for (Path file : all) {
                if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                        && !Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
                    Files.delete(file);
                }
            }
        }
        return part;
    }

    /** Makes what lies in {@code part} the voice, in one step. The lock is held. */
    public InstalledVoice publish(VoiceInfo info, String source, Path part) throws IOException {
        List<VoiceFile> files = new ArrayList<>();
        try (Stream<Path> all = Files.list(part)) {
            for (Path file : all.sorted().toList()) {
                Path name = file.getFileName();
                if (name != null
                        && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                        && !name.toString().equals(RECORD)) {
                    Durable.sync(file);
                    files.add(
                            new VoiceFile(name.toString(), Files.size(file), Digest.sha256(file)));
                }
            }
        }
        if (files.isEmpty()) {
            throw new VoiceException("voice '" + info.id() + "' has no files");
        }
        Path folder = voices.resolve(info.id());
        InstalledVoice voice =
                new InstalledVoice(
                        info,
                        folder,
                        files,
                        source,
                        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        Durable.writeSynced(part.resolve(RECORD), VoiceRecord.write(voice));
        Durable.syncFolder(part);
        settle(info.id());
        Path old = old(info.id());
        if (Files.exists(folder)) {
            Files.createDirectories(voices.resolve(OLD));
            Durable.move(folder, old);
        }
        try {
            Durable.move(part, folder);
        } catch (IOException e) {
            if (Files.exists(old)) {
                Durable.move(old, folder);
            }
            throw e;
        }
        Durable.syncFolder(voices);
        try {
            Durable.deleteTree(old);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "left to clean: " + old, e);
        }
        return voice;
    }

    /** Deletes what dead installs left long ago. What somebody works on is locked, so it stays. */
    public void clean() {
        Instant longAgo = Instant.now().minus(KEEP_PARTS);
        try {
            for (String id : names(voices.resolve(".parts"))) {
                if (Files.getLastModifiedTime(part(id)).toInstant().isBefore(longAgo)) {
                    ifFree(id, () -> Durable.deleteTree(part(id)));
                }
            }
            for (String id : names(voices.resolve(OLD))) {
                ifFree(id, () -> settle(id));
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "cannot clean " + voices, e);
        }
    }

    @FunctionalInterface
    private interface Cleaning {
        void run() throws IOException;
    }

    private void ifFree(String id, Cleaning cleaning) throws IOException {
        Optional<VoiceLock> lock = tryLock(id);
        if (lock.isPresent()) {
            try (VoiceLock held = lock.get()) {
                cleaning.run();
            }
        }
    }

    private Path old(String id) {
        return voices.resolve(OLD).resolve(id);
    }

    /**
     * Ends what a process began that was killed as it replaced a voice: the old one is back if the
     * new one did not come. The lock is held.
     */
    private void settle(String id) throws IOException {
        if (Files.exists(voices.resolve(id))) {
            Durable.deleteTree(old(id));
        } else if (Files.exists(old(id))) {
            Durable.move(old(id), voices.resolve(id));
        }
    }

    /** Between the two renames of a replacement the old voice is still the one. */
    private Optional<InstalledVoice> read(String id) {
        Path folder = voices.resolve(id);
        return readFolder(Files.exists(folder) ? folder : old(id));
    }

    private static Optional<InstalledVoice> readFolder(Path folder) {
        Path record = folder.resolve(RECORD);
        if (!Files.isRegularFile(record)) {
            return Optional.empty();
        }
        try {
            return Optional.of(VoiceRecord.read(record));
        } catch (IOException e) {
            throw new SkaldException("cannot read " + record + ": " + Durable.reason(e), e);
        }
    }
}
