package dev.skald.spi;

import java.nio.file.Path;

/**
 * What an engine may use of the machine.
 *
 * @param home the folder of installed voices, models and caches; may not exist yet
 * @param threads how many threads may compute at once, at least 1
 * @param offline whether the network must be left alone
 */
public record EngineContext(Path home, int threads, boolean offline) {}
