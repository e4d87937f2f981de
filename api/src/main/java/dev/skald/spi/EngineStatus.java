package dev.skald.spi;

/**
 * What an engine holds and does at the moment.
 *
 * @param speaking speeches that it makes audio for
 * @param loaded models or voices that are in memory
 * @param hits requests so far that found their model loaded
 * @param loads requests so far that had it loaded
 * @param deviceBytes bytes that are taken of a device's own memory; 0 if the host computes
 */
public record EngineStatus(int speaking, int loaded, long hits, long loads, long deviceBytes) {
    /** Nothing. */
    public static final EngineStatus NONE = new EngineStatus(0, 0, 0, 0, 0);
}
