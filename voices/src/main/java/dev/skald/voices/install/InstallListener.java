package dev.skald.voices.install;

/** Told how an install goes on. Called by the installing thread. */
public interface InstallListener {
    /** Tells nobody. */
    InstallListener NONE = new InstallListener() {};

    /** Another process or thread installs or changes this voice: its end is awaited. */
    default void waiting(String id) {}

    /** A source is tried now: {@code "the Hugging Face hub"}. */
    default void trying(String source) {}

    /** A source could not give it, and why, in one clause; the next one follows. */
    default void failed(String source, String reason) {}

    /**
     * So many bytes of a file are here.
     *
     * @param total its size; -1 if unknown
     */
    default void progress(String file, long done, long total) {}
}
