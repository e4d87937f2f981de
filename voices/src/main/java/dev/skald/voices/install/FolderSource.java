package dev.skald.voices.install;

import dev.skald.VoiceException;
import dev.skald.voices.catalogue.CatalogueEntry;
import dev.skald.voices.catalogue.CatalogueFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/** A folder of the machine that holds a voice's files, or the file itself. */
final class FolderSource implements VoiceSource {
    private final Path given;

    FolderSource(Path given) {
        this.given = given;
    }

    @Override
    public String name() {
        return "the folder " + given;
    }

    @Override
    public Optional<String> refusal(CatalogueEntry entry) {
        return Files.exists(given) ? Optional.empty() : Optional.of("it does not exist");
    }

    @Override
    public void fetch(CatalogueEntry entry, Path part, InstallListener listener)
            throws IOException {
        Path folder = Files.isDirectory(given) ? given : given.toAbsolutePath().resolveSibling("");
        for (CatalogueFile file : entry.files()) {
            // A copy of the repository has the path, a download the bare name.
            Path found = folder.resolve(file.path());
            if (!Files.isRegularFile(found)) {
                found = folder.resolve(file.name());
            }
            Path target = part.resolve(file.name());
            if (!Files.isRegularFile(found)) {
                if (file.required() && !Checks.isHere(file, target)) {
                    throw new VoiceException("it lacks " + file.name());
                }
                continue;
            }
            try {
                Checks.require(file, found);
                Files.copy(found, target, StandardCopyOption.REPLACE_EXISTING);
                long size = Files.size(target);
                listener.progress(file.name(), size, size);
            } catch (VoiceException e) {
                if (file.required()) {
                    throw e;
                }
            }
        }
    }
}
