package dev.skald.voices.catalogue;

import dev.skald.voices.io.Digest;
import java.util.List;
import java.util.Optional;

/**
 * A file of a voice as its publisher lists it.
 *
 * @param path where it lies in its repository
 * @param bytes its size, if published
 * @param digests what is published of its content; empty if nothing is
 * @param required whether the voice is nothing without it
 */
public record CatalogueFile(
        String path, Optional<Long> bytes, List<Digest> digests, boolean required) {
    public CatalogueFile {
        digests = List.copyOf(digests);
    }

    /** Its name in the voice's folder: the last element of its path. */
    public String name() {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
