package dev.skald.voices.install;

import dev.skald.VoiceException;
import dev.skald.voices.catalogue.CatalogueEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Somewhere voices come from. */
interface VoiceSource {
    /** For a person: {@code "the Hugging Face hub"}. */
    String name();

    /** Why it cannot have this entry, in one clause; empty if it may. */
    Optional<String> refusal(CatalogueEntry entry);

    /**
     * Puts the entry's files into {@code part}, each under its own name once it is complete and
     * checked. What is there already and checks is left; a file half there may be resumed.
     *
     * @throws VoiceException in one clause, if this source does not have it
     * @throws IOException if the disk fails, so that no other source would help
     */
    void fetch(CatalogueEntry entry, Path part, InstallListener listener)
            throws IOException, InterruptedException;
}
