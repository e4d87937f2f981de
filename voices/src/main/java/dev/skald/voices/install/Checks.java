package dev.skald.voices.install;

import dev.skald.VoiceException;
import dev.skald.voices.catalogue.CatalogueFile;
import dev.skald.voices.io.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Compares a fetched file with what is published of it. */
final class Checks {
    private Checks() {}

    /**
     * Fails unless the file is what the catalogue lists.
     *
     * @throws VoiceException in one clause
     */
    static void require(CatalogueFile file, Path fetched) throws IOException {
        long size = Files.size(fetched);
        if (file.bytes().isPresent() && file.bytes().get() != size) {
            throw new VoiceException(
                    file.name()
                            + " has "
                            + size
                            + " bytes, but "
                            + file.bytes().get()
                            + " are published (skald voices refresh updates the list)");
        }
        for (Digest digest : file.digests()) {
            if (!digest.matches(fetched)) {
                throw new VoiceException(
                        file.name()
                                + " does not have the published "
                                + digest.algorithm()
                                + " (skald voices refresh updates the list)");
            }
        }
    }

    /** Whether the file is here and is certainly the published one. */
    static boolean isHere(CatalogueFile file, Path fetched) throws IOException {
        if (!Files.isRegularFile(fetched) || file.digests().isEmpty()) {
            return false;
        }
        try {
            require(file, fetched);
            return true;
        } catch (VoiceException e) {
            return false;
        }
    }
}
